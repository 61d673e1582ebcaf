import * as tokens from "../generated/resources.ts";
import type {
  APIService,
  ControllerRevision,
  CustomResourceDefinition,
  MutatingWebhookConfiguration,
  RuntimeClass,
  ValidatingWebhookConfiguration,
} from "../generated/types.ts";
import { age } from "../table/age.ts";
import type { TableColumns } from "../table/columns.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { forbiddenField } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** Kinds of which little is to be said: a column or two, or a field that counts as spec. */

const webhookColumns: TableColumns<ValidatingWebhookConfiguration | MutatingWebhookConfiguration> = {
  columns: [nameColumn(), column("Webhooks", "How many it has.", "integer"), ageColumn()],
  row: ({ metadata, webhooks }, nowMs) => [
    metadata?.name ?? "",
    webhooks?.length ?? 0,
    age(metadata?.creationTimestamp, nowMs),
  ],
};

export const validatingWebhookConfigurationKind: KindDefinition<ValidatingWebhookConfiguration> =
  defineKind<ValidatingWebhookConfiguration>(tokens.validatingWebhookConfigurations, {
    hasGeneration: true,
    generationFields: ["webhooks"],
    columns: webhookColumns,
  });

export const mutatingWebhookConfigurationKind: KindDefinition<MutatingWebhookConfiguration> =
  defineKind<MutatingWebhookConfiguration>(tokens.mutatingWebhookConfigurations, {
    hasGeneration: true,
    generationFields: ["webhooks"],
    columns: webhookColumns,
  });

export const customResourceDefinitionKind: KindDefinition<CustomResourceDefinition> =
  defineKind<CustomResourceDefinition>(tokens.customResourceDefinitions, {
    columns: {
      columns: [nameColumn(), column("Created At", "When it was created.", "date")],
      row: ({ metadata }) => [metadata?.name ?? "", metadata?.creationTimestamp ?? ""],
    },
  });

export const apiServiceKind: KindDefinition<APIService> = defineKind<APIService>(tokens.apiServices, {
  hasGeneration: false,
  columns: {
    columns: [
      nameColumn(),
      column("Service", "Who serves it."),
      column("Available", "Whether it can be reached."),
      ageColumn(),
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      spec?.service ? `${spec.service.namespace}/${spec.service.name}` : "Local",
      status?.conditions?.find(({ type }) => type === "Available")?.status ?? "Unknown",
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

export const runtimeClassKind: KindDefinition<RuntimeClass> = defineKind<RuntimeClass>(
  tokens.runtimeClasses,
  {
    columns: {
      columns: [nameColumn(), column("Handler", "Which runtime it means."), ageColumn()],
      row: ({ metadata, handler }, nowMs) => [
        metadata?.name ?? "",
        handler,
        age(metadata?.creationTimestamp, nowMs),
      ],
    },
  },
);

export const controllerRevisionKind: KindDefinition<ControllerRevision> = defineKind<ControllerRevision>(
  tokens.controllerRevisions,
  {
    validateChange(revision, old, errors) {
      if (JSON.stringify(revision.data) !== JSON.stringify(old.data)) {
        errors.push(forbiddenField("data", "field is immutable"));
      }
    },
    columns: {
      columns: [
        nameColumn(),
        column("Controller", "Whose it is."),
        column("Revision", "Which one.", "integer"),
        ageColumn(),
      ],
      row: ({ metadata, revision }, nowMs) => {
        const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
        const kind = owner
          ? `${(owner.kind ?? "").toLowerCase()}${groupSuffix(owner.apiVersion ?? "")}/${owner.name}`
          : "<none>";
        return [metadata?.name ?? "", kind, revision ?? 0, age(metadata?.creationTimestamp, nowMs)];
      },
    },
  },
);

function groupSuffix(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : `.${apiVersion.slice(0, slash)}`;
}

import { limitRanges, podTemplates, replicationControllers, resourceQuotas } from "../generated/resources.ts";
import type {
  LabelSelector,
  LimitRange,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
} from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkNonNegative } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultPodSpec } from "./pod/defaults.ts";
import { defaultResourceList, validateResourceList } from "./resource-list.ts";
import { scaleView } from "./scale.ts";
import { validateTemplate } from "./validate-template.ts";
import { shownLabels, templateCells, workloadColumns } from "./workload-columns.ts";

/** Replication controllers: replica sets as they once were. */
export const replicationControllerKind: KindDefinition<ReplicationController> = defineKind(
  replicationControllers,
  {
    defaults({ metadata, spec }) {
      if (!spec) return;
      const labels = spec.template?.metadata?.labels;
      if (labels && !Object.keys(spec.selector ?? {}).length) spec.selector = { ...labels };
      if (labels && metadata && !Object.keys(metadata.labels ?? {}).length) metadata.labels = { ...labels };
      spec.replicas ??= 1;
      defaultPodSpec(spec.template?.spec);
    },
    prepareForCreate(controller) {
      controller.status = { replicas: 0 };
    },
    validate({ spec }, errors) {
      checkNonNegative(errors, "spec.replicas", spec?.replicas);
      const selector: LabelSelector = { matchLabels: spec?.selector ?? {} };
      validateTemplate(
        spec?.template,
        { owner: "ReplicationController", selector, restartPolicies: ["Always"] },
        errors,
      );
    },
    subresources: { scale: mapScale() },
    columns: {
      columns: [
        nameColumn(),
        column("Desired", "How many pods it wants.", "integer"),
        column("Current", "How many pods it has.", "integer"),
        column("Ready", "How many of them are ready.", "integer"),
        ageColumn(),
        ...workloadColumns,
      ],
      row: ({ metadata, spec, status }, nowMs) => [
        metadata?.name ?? "",
        spec?.replicas ?? 0,
        status?.replicas ?? 0,
        status?.readyReplicas ?? 0,
        age(metadata?.creationTimestamp, nowMs),
        ...templateCells(spec?.template),
        shownLabels(spec?.selector),
      ],
    },
  },
);

/** Its selector is a map, which the scale shows in the string form. */
function mapScale() {
  const scale = scaleView<{ spec?: { replicas?: number; selector?: LabelSelector } }>();
  return {
    ...scale,
    read: ({ spec, ...controller }: ReplicationController) =>
      scale.read({
        ...controller,
        spec: { replicas: spec?.replicas ?? 0, selector: { matchLabels: spec?.selector ?? {} } },
      }),
    write: (view: Parameters<typeof scale.write>[0], controller: ReplicationController) =>
      scale.write(view, controller as Parameters<typeof scale.write>[1]),
  };
}

export const resourceQuotaKind: KindDefinition<ResourceQuota> = defineKind(resourceQuotas, {
  hasGeneration: false,
  defaults: ({ spec }) => defaultResourceList(spec?.hard),
  validate: ({ spec }, errors) => validateResourceList(spec?.hard, "spec.hard", errors),
  columns: {
    columns: [
      nameColumn(),
      column("Request", "How much is asked for, of how much."),
      column("Limit", "How much is limited, of how much."),
      ageColumn(),
    ],
    row: ({ metadata, status }, nowMs) => {
      const names = Object.keys(status?.hard ?? {}).sort();
      const shown = (of: readonly string[]) =>
        of.map((name) => `${name}: ${status?.used?.[name] ?? 0}/${status?.hard?.[name]}`).join(", ");
      return [
        metadata?.name ?? "",
        shown(names.filter((name) => !name.startsWith("limits."))),
        shown(names.filter((name) => name.startsWith("limits."))),
        age(metadata?.creationTimestamp, nowMs),
      ];
    },
  },
});

export const limitRangeKind: KindDefinition<LimitRange> = defineKind(limitRanges, {
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) {
      for (const list of [item.max, item.min, item.default, item.defaultRequest]) defaultResourceList(list);
      if (item.type !== "Container") continue;
      item.default ??= { ...item.max };
      item.defaultRequest ??= {};
      for (const source of [item.default, item.min ?? {}]) {
        for (const name in source) item.defaultRequest[name] ??= source[name] ?? "0";
      }
    }
  },
  columns: {
    columns: [nameColumn(), column("Created At", "When it was created.", "date")],
    row: ({ metadata }) => [metadata?.name ?? "", metadata?.creationTimestamp ?? ""],
  },
});

export const podTemplateKind: KindDefinition<PodTemplate> = defineKind(podTemplates, {
  hasGeneration: true,
  generationFields: ["template"],
  defaults: ({ template }) => defaultPodSpec(template?.spec),
  columns: {
    columns: [
      nameColumn(),
      column("Containers", "Names of its containers."),
      column("Images", "Images of its containers."),
      column("Pod Labels", "Labels of its pods."),
    ],
    row: ({ metadata, template }) => [
      metadata?.name ?? "",
      ...templateCells(template),
      shownLabels(template?.metadata?.labels),
    ],
  },
});

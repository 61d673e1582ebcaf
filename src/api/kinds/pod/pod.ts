import type { StatusCause } from "#base";
import { pods } from "../../generated/resources.ts";
import type { Container, Pod, PodSpec } from "../../generated/types.ts";
import { isPodTerminal } from "../../pod/conditions.ts";
import { qosClassOf } from "../../qos.ts";
import { defineKind, metadataOf, partOf } from "../define-kind.ts";
import { type FieldErrors, forbiddenField } from "../field-errors.ts";
import type { KindDefinition, PartSubresource } from "../kind-definition.ts";
import { newComplaints } from "../ratchet.ts";
import { podColumns } from "./columns.ts";
import { defaultContainer, defaultPod } from "./defaults.ts";
import { mergeLabelKeys } from "./match-label-keys.ts";
import { validatePodSpec } from "./validate-spec.ts";
import { validateEphemeralChange, validatePodChange, validateResize } from "./validate-update.ts";

/** Pods: what runs. Deleted gracefully: they stay, marked, until the node says that their containers have ended. */
export const podKind: KindDefinition<Pod> = defineKind(pods, {
  defaults: defaultPod,
  prepareForCreate(pod) {
    mergeLabelKeys(pod);
    pod.status = { phase: "Pending", qosClass: qosClassOf(pod) };
    if (!pod.spec?.schedulingGates?.length) return;
    pod.status.conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason: "SchedulingGated",
        message: "Scheduling is blocked due to non-empty scheduling gates",
      },
    ];
  },
  validate(pod, errors, old) {
    validatePodSpec(pod.spec, "spec", errors);
    if (old !== undefined) return;
    if (pod.spec?.ephemeralContainers?.length) {
      errors.push(forbiddenField("spec.ephemeralContainers", "cannot be set on create"));
    }
    if (pod.spec?.nodeName && pod.spec.schedulingGates?.length) {
      const detail = "cannot be set until all schedulingGates have been cleared";
      errors.push(forbiddenField("spec.nodeName", detail));
    }
  },
  validateChange: validatePodChange,
  validateStatus(pod, old, errors) {
    if (old.status?.nominatedNodeName && pod.status?.nominatedNodeName && old.spec?.nodeName) {
      if (old.status.nominatedNodeName !== pod.status.nominatedNodeName) {
        errors.push(forbiddenField("status.nominatedNodeName", "cannot be changed once the pod is bound"));
      }
    }
  },
  subresources: { ephemeralcontainers: ephemeralContainers(), resize: resize() },
  columns: podColumns,
  selectableFields: {
    "spec.nodeName": (pod) => pod.spec?.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec?.restartPolicy ?? "",
    "spec.schedulerName": (pod) => pod.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (pod) => pod.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (pod) => String(pod.spec?.hostNetwork ?? false),
    "status.phase": (pod) => pod.status?.phase ?? "",
    "status.podIP": (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? "",
    "status.nominatedNodeName": (pod) => pod.status?.nominatedNodeName ?? "",
  },
  deletion: {
    gracePeriodSeconds(pod, requested) {
      // Nothing runs that could end gracefully: not placed yet, or over.
      if (!pod.spec?.nodeName || isPodTerminal(pod)) return 0;
      const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
      return seconds < 0 ? 1 : seconds;
    },
  },
});

function ephemeralContainers(): PartSubresource<Pod> {
  return specPart("ephemeralContainers", validateEphemeralChange);
}

/** Of the new pod only the one field of the spec is taken. */
function specPart(field: "ephemeralContainers", validateChange: PodChangeRule): PartSubresource<Pod> {
  const whole = partOf<Pod>(["spec"], (pod, old) => wrongWith(pod, old, validateChange));
  return {
    ...whole,
    prepareForUpdate(pod, old) {
      const wanted = pod.spec?.[field] ?? [];
      for (const container of wanted) defaultContainer(container);
      whole.prepareForUpdate(pod, old);
      if (old.spec) pod.spec = { ...old.spec, [field]: wanted };
      countGeneration(pod, old);
    },
  };
}

function resize(): PartSubresource<Pod> {
  const whole = partOf<Pod>(["spec"], (pod, old) => wrongWith(pod, old, validateResize));
  return {
    ...whole,
    prepareForUpdate(pod, old) {
      const wanted = pod.spec;
      whole.prepareForUpdate(pod, old);
      if (!old.spec) return;
      pod.spec = {
        ...old.spec,
        containers: withResources(old.spec.containers ?? [], wanted?.containers),
        ...(old.spec.initContainers
          ? { initContainers: withResources(old.spec.initContainers, wanted?.initContainers) }
          : {}),
      };
      countGeneration(pod, old);
    },
  };
}

function withResources(old: readonly Container[], wanted: readonly Container[] | undefined): Container[] {
  return old.map((container) => {
    const resized = wanted?.find((each) => each.name === container.name);
    if (!resized) return container;
    const { resources: _, resizePolicy: __, ...rest } = container;
    return {
      ...rest,
      resources: resized.resources ?? {},
      ...(resized.resizePolicy ? { resizePolicy: resized.resizePolicy } : {}),
    };
  });
}

function countGeneration(pod: Pod, old: Pod): void {
  metadataOf(pod).generation = (old.metadata?.generation ?? 0) + (sameSpec(pod.spec, old.spec) ? 0 : 1);
}

function sameSpec(a: PodSpec | undefined, b: PodSpec | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

type PodChangeRule = (pod: Pod, old: Pod, errors: FieldErrors) => void;

function wrongWith(pod: Pod, old: Pod, validateChange: PodChangeRule): StatusCause[] {
  const errors = newComplaints(pod, old, ({ spec }, found) => validatePodSpec(spec, "spec", found));
  validateChange(pod, old, errors);
  return errors;
}

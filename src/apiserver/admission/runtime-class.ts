import { jsonEqual, type Pod, type RuntimeClass, runtimeClasses } from "#api";
import type { AdmissionAttributes, AdmissionPlugin } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";
import { writesPods } from "./pods-only.ts";

/**
 * A pod that asks for a way of running gets what that costs and the nodes that have it; one that asks for a way that nobody
 * has defined is refused, instead of running with less isolation than it was meant to (KEP-585, KEP-688).
 */
export function runtimeClass(): AdmissionPlugin {
  return {
    name: "RuntimeClass",
    handles: (attributes) => attributes.operation === "CREATE" && writesPods(attributes),
    mutate(attributes) {
      const pod = attributes.object as Pod;
      const { spec } = pod;
      const wanted = classOf(attributes, pod);
      if (!spec || !wanted) return;
      if (wanted.overhead?.podFixed) spec.overhead ??= wanted.overhead.podFixed;
      const { nodeSelector, tolerations } = wanted.scheduling ?? {};
      const asked = spec.nodeSelector ?? {};
      for (const [key, value] of Object.entries(nodeSelector ?? {})) {
        if (!Object.hasOwn(asked, key) || asked[key] === value) continue;
        const conflict = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}, pod.spec.nodeSelector[${key}] = ${asked[key]}`;
        throw objectForbidden(attributes, `pod rejected: ${conflict}`);
      }
      if (nodeSelector) spec.nodeSelector = { ...asked, ...nodeSelector };
      const missing = (tolerations ?? []).filter(
        (one) => !spec.tolerations?.some((own) => jsonEqual(own, one)),
      );
      if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...missing];
    },
    validate(attributes) {
      const pod = attributes.object as Pod;
      const costs = classOf(attributes, pod)?.overhead?.podFixed ?? {};
      if (jsonEqual(pod.spec?.overhead ?? {}, costs)) return;
      throw objectForbidden(
        attributes,
        "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
      );
    },
  };
}

function classOf(attributes: AdmissionAttributes, pod: Pod): RuntimeClass | undefined {
  const name = pod.spec?.runtimeClassName;
  if (!name) return undefined;
  const found = attributes.read.get(runtimeClasses, name);
  if (!found) throw objectForbidden(attributes, `pod rejected: RuntimeClass "${name}" not found`);
  return found;
}

import { type ControllerRevision, type Pod, type StatefulSet, statefulSets, type Volume } from "#api";
import { controllerReference } from "../shared/claim.ts";
import { podFromTemplate } from "../shared/pods.ts";
import { revisionLabel, templateOf } from "../shared/revisions.ts";
import { claimName } from "./claims.ts";

const podNameLabel = "statefulset.kubernetes.io/pod-name";
const podIndexLabel = "apps.kubernetes.io/pod-index";

/** The name of the set's pod of an ordinal, for as long as the set lives: `web-0`. */
export function podNameOf(set: StatefulSet, ordinal: number): string {
  return `${set.metadata?.name}-${ordinal}`;
}

/** The ordinal that a name says; undefined when no pod of the set is named so. */
export function ordinalOf(set: StatefulSet, podName: string | undefined): number | undefined {
  const prefix = `${set.metadata?.name}-`;
  if (!podName?.startsWith(prefix)) return undefined;
  const digits = podName.slice(prefix.length);
  return /^(0|[1-9]\d{0,9})$/.test(digits) ? Number(digits) : undefined;
}

export function startOrdinal({ spec }: StatefulSet): number {
  return spec?.ordinals?.start ?? 0;
}

/** Whether the set is to have a pod of this ordinal. */
export function isWanted(set: StatefulSet, ordinal: number): boolean {
  const start = startOrdinal(set);
  return ordinal >= start && ordinal < start + (set.spec?.replicas ?? 1);
}

/** The labels by which a pod is known as the one it is. */
export function identityLabels(set: StatefulSet, ordinal: number): Record<string, string> {
  return { [podNameLabel]: podNameOf(set, ordinal), [podIndexLabel]: String(ordinal) };
}

/** The pod of an ordinal, from a revision's template: with its own name, host name and claims. */
export function newPod(set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod {
  const name = podNameOf(set, ordinal);
  const template = templateOf(revision);
  const reference = controllerReference(statefulSets, set);
  const pod = podFromTemplate(template, { reference, namespace: set.metadata?.namespace });
  const { generateName: _, ...metadata } = pod.metadata ?? {};
  const labels = {
    ...metadata.labels,
    ...identityLabels(set, ordinal),
    [revisionLabel]: revision.metadata?.name ?? "",
  };
  const { serviceName } = set.spec ?? {};
  const volumes = volumesOf(set, ordinal, template.spec?.volumes ?? []);
  return {
    ...pod,
    metadata: { ...metadata, name, labels },
    spec: {
      containers: [],
      ...template.spec,
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  };
}

/** Claims take the place of the template's volumes of their name. */
function volumesOf(set: StatefulSet, ordinal: number, ofTemplate: readonly Volume[]): Volume[] {
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((template): Volume => {
    const name = template.metadata?.name ?? "";
    return { name, persistentVolumeClaim: { claimName: claimName(set, template, ordinal), readOnly: false } };
  });
  const taken = new Set(claims.map(({ name }) => name));
  return [...claims, ...ofTemplate.filter(({ name }) => !taken.has(name))];
}

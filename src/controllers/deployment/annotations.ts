import { type Deployment, jsonEqual, type KubernetesObject, type ReplicaSet } from "#api";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
const historyAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxAnnotation = "deployment.kubernetes.io/max-replicas";

/** Annotations of a deployment that are its own and not its sets'. */
const notCopied = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  "deprecated.deployment.rollback.to",
]);

/** 0 when it has none. */
export function revisionOf(object: KubernetesObject): number {
  return numberIn(object, revisionAnnotation) ?? 0;
}

/** The number an annotation holds; undefined when it holds none. */
export function numberIn(object: KubernetesObject, annotation: string): number | undefined {
  const text = object.metadata?.annotations?.[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * The annotations of the current set: the deployment's, plus the revision. A set that comes back (rollback) gets a new revision,
 * and its old one goes into its history. Revisions never go down.
 */
export function currentSetAnnotations(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  revision: number,
): Record<string, string> {
  const annotations: Record<string, string> = { ...current?.metadata?.annotations };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!notCopied.has(key)) annotations[key] = value;
  }
  const before = current ? revisionOf(current) : 0;
  if (before >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (before > 0) {
    const history = annotations[historyAnnotation];
    annotations[historyAnnotation] = history ? `${history},${before}` : String(before);
  }
  return annotations;
}

/** The annotations by which a set remembers how large its deployment was when it was last scaled. */
export function sizeAnnotations(desired: number, max: number): Record<string, string> {
  return { [desiredAnnotation]: String(desired), [maxAnnotation]: String(max) };
}

/** What must be merged into `have` for it to hold all of `wanted`; undefined when it does. */
export function missingAnnotations(
  have: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const missing = Object.entries(wanted).filter(([key, value]) => !jsonEqual(have?.[key], value));
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}

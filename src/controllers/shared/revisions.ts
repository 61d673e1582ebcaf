import {
  type ControllerRevision,
  jsonEqual,
  type KubernetesObject,
  type LabelSelector,
  type PodTemplateSpec,
  type Resource,
} from "#api";
import { controllerReference } from "./claim.ts";
import { hashOf } from "./hash.ts";

/** On pods: name of the revision they were made from. */
export const revisionLabel = "controller-revision-hash";

/** Label of revisions: the hash of what they keep. */
export const hashLabel = "controller.kubernetes.io/hash";

/** What keeps the history of its pod template as ControllerRevisions: stateful sets and daemon sets. */
export interface Revised extends KubernetesObject {
  spec?: { template: PodTemplateSpec; selector: LabelSelector; revisionHistoryLimit?: number };
  status?: { collisionCount?: number };
}

/** The revision of an owner's template, and what must be done so that it is the newest of the history. */
export interface RevisionPlan {
  readonly revision: ControllerRevision;
  readonly change: "none" | "renumber" | "create";
}

/** Oldest first. */
export function sortRevisions(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  const created = ({ metadata }: ControllerRevision) => metadata?.creationTimestamp ?? "";
  return [...revisions].sort(
    (a, b) => a.revision - b.revision || (created(a) < created(b) ? -1 : created(a) > created(b) ? 1 : 0),
  );
}

/** A template that was in use before takes its old revision up again, with the next number. `history` is oldest first. */
export function planRevision(
  resource: Resource,
  owner: Revised,
  history: readonly ControllerRevision[],
): RevisionPlan {
  const newest = history.at(-1);
  const next = newRevision(resource, owner, (newest?.revision ?? 0) + 1);
  const same = history.filter(({ data }) => jsonEqual(data ?? {}, next.data ?? {})).at(-1);
  if (!same) return { revision: next, change: "create" };
  if (same === newest) return { revision: same, change: "none" };
  return { revision: { ...same, revision: next.revision }, change: "renumber" };
}

/** The template that a revision keeps. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { spec } = (data ?? {}) as { spec?: { template?: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _, ...template } = spec?.template ?? {};
  return template;
}

/** Revisions beyond the owner's limit that nobody uses any more, oldest first. */
export function surplusRevisions(
  owner: Revised,
  history: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
): readonly ControllerRevision[] {
  const unused = history.filter(({ metadata }) => !inUse.has(metadata?.name ?? ""));
  return unused.slice(0, Math.max(0, unused.length - (owner.spec?.revisionHistoryLimit ?? 10)));
}

/** Its data is the patch with which `kubectl rollout undo` brings the template back. */
function newRevision(resource: Resource, owner: Revised, revision: number): ControllerRevision {
  const { name = "", namespace, annotations } = owner.metadata ?? {};
  const template = { ...owner.spec?.template, $patch: "replace" };
  const hash = hashOf(template, owner.status?.collisionCount ?? 0);
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name.slice(0, maxPrefix)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...owner.spec?.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(resource, owner)],
    },
    data: { spec: { template } },
    revision,
  };
}

/** Names end at 253 characters, the hash among them. */
const maxPrefix = 223;

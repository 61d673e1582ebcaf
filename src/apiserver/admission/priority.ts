import { type Pod, type PriorityClass, priorityClasses } from "#api";
import type { AdmissionAttributes, AdmissionPlugin, ObjectFeed } from "../ports.ts";
import { objectForbidden } from "./object-forbidden.ts";
import { writesPods } from "./pods-only.ts";

/** Gives every pod the number that its priority class stands for; keeps one default class at most. */
export function priority(feed: ObjectFeed): AdmissionPlugin {
  const byDefault = defaultClass(feed);
  return {
    name: "Priority",
    handles: (attributes) =>
      writesPods(attributes)
        ? attributes.operation === "CREATE"
        : attributes.resource?.resource === priorityClasses.resource && attributes.operation !== "DELETE",
    mutate(attributes) {
      if (writesPods(attributes)) prioritize(attributes, attributes.object as Pod, byDefault);
    },
    validate(attributes) {
      if (!writesPods(attributes)) refuseSecondDefault(attributes, attributes.object as PriorityClass);
    },
  };
}

/** There before any object is: the pods that the cluster itself stands on use them. */
export const systemPriorityClasses: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

interface Priority {
  readonly value: number;
  readonly preemptionPolicy: string;
  readonly className: string;
}

function prioritize(attributes: AdmissionAttributes, pod: Pod, byDefault: () => Priority): void {
  const { spec } = pod;
  if (!spec) return;
  const { value, preemptionPolicy, className } = spec.priorityClassName
    ? namedClass(attributes, spec.priorityClassName)
    : byDefault();
  if (spec.priority !== undefined && spec.priority !== value) {
    throw objectForbidden(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw objectForbidden(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  }
  if (className) spec.priorityClassName = className;
  spec.priority = value;
  spec.preemptionPolicy = preemptionPolicy;
}

function namedClass(attributes: AdmissionAttributes, name: string): Priority {
  const found = attributes.read.get(priorityClasses, name);
  if (found) return priorityOf(found);
  const value = systemPriorityClasses[name];
  if (value === undefined) throw objectForbidden(attributes, `no PriorityClass with name ${name} was found`);
  return { value, preemptionPolicy: preemptLower, className: name };
}

/**
 * The class marked as the default; of several, the least important, as Kubernetes decides. Every pod asks, and hardly ever does the
 * answer change: marked classes are followed, from the first pod on.
 */
function defaultClass(feed: ObjectFeed): () => Priority {
  const marked = new Map<string, PriorityClass>();
  let isFollowed = false;
  const follow = () => {
    isFollowed = true;
    feed.follow(priorityClasses, ({ object, previous }) => {
      if (previous) marked.delete(previous.metadata?.name ?? "");
      if (object?.globalDefault) marked.set(object.metadata?.name ?? "", object);
    });
  };
  return () => {
    if (!isFollowed) follow();
    const [least] = [...marked.values()].sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
    return least ? priorityOf(least) : { value: 0, preemptionPolicy: preemptLower, className: "" };
  };
}

function priorityOf({ value, preemptionPolicy, metadata }: PriorityClass): Priority {
  return {
    value: value ?? 0,
    preemptionPolicy: preemptionPolicy ?? preemptLower,
    className: metadata?.name ?? "",
  };
}

const preemptLower = "PreemptLowerPriority";

function refuseSecondDefault(attributes: AdmissionAttributes, wanted: PriorityClass): void {
  if (!wanted.globalDefault) return;
  const other = attributes.read
    .list(priorityClasses)
    .find((each) => each.globalDefault && each.metadata?.name !== wanted.metadata?.name);
  if (!other) return;
  throw objectForbidden(
    attributes,
    `PriorityClass ${other.metadata?.name} is already marked as default. Only one default can exist`,
  );
}

import { type Container, type Job, jobs, type Pod, type PodSpec } from "#api";
import { controllerReference } from "../shared/claim.ts";
import { podFromTemplate } from "../shared/pods.ts";
import { failureCountAnnotation, ignoredCountAnnotation, nextFailureCounts } from "./backoff.ts";
import { completionIndexKey } from "./indexes.ts";
import type { NewPod } from "./size.ts";
import { limitsIndexes } from "./tally.ts";
import { trackingFinalizer } from "./tracking.ts";

/** A pod of the job's template, held until its end is counted; with an index it is told which, in several ways. */
export function newPod(job: Job, { index, replaces }: NewPod): Pod {
  const reference = controllerReference(jobs, job);
  const pod = podFromTemplate(job.spec?.template, { reference, namespace: job.metadata?.namespace });
  const finalizers = [...(pod.metadata?.finalizers ?? []), trackingFinalizer];
  pod.metadata = { ...pod.metadata, finalizers };
  if (index === undefined) return pod;
  const { name = "" } = job.metadata ?? {};
  const shown = String(index);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${name.slice(0, maxPrefix - shown.length)}-${shown}-`,
      labels: { ...pod.metadata.labels, [completionIndexKey]: shown },
      annotations: {
        ...pod.metadata.annotations,
        [completionIndexKey]: shown,
        ...failureAnnotations(job, replaces),
      },
    },
    ...(pod.spec ? { spec: indexed(pod.spec, `${name}-${shown}`) } : {}),
  };
}

/** `generateName` with two dashes and five random characters ends at 63. */
const maxPrefix = 56;

function failureAnnotations(job: Job, replaces: Pod | undefined): Record<string, string> {
  if (!limitsIndexes(job)) return {};
  const { counted, ignored } = nextFailureCounts(job, replaces);
  return {
    [failureCountAnnotation]: String(counted),
    ...(ignored > 0 ? { [ignoredCountAnnotation]: String(ignored) } : {}),
  };
}

function indexed(spec: PodSpec, hostname: string): PodSpec {
  const { initContainers } = spec;
  return {
    ...spec,
    hostname,
    containers: spec.containers.map(withIndex),
    ...(initContainers ? { initContainers: initContainers.map(withIndex) } : {}),
  };
}

function withIndex(container: Container): Container {
  if (container.env?.some(({ name }) => name === indexVariable)) return container;
  const fieldPath = `metadata.labels['${completionIndexKey}']`;
  return {
    ...container,
    env: [...(container.env ?? []), { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }],
  };
}

const indexVariable = "JOB_COMPLETION_INDEX";

import type {
  Deployment,
  Job,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  PodTemplateSpec,
  PriorityClass,
  Service,
  StatefulSet,
} from "#api";

/** What an application of the workload is made of. */
export interface Application {
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly cpuMilli: number;
  readonly memoryMebibytes: number;
  /** A PriorityClass. */
  readonly priority?: string;
  /** Of a StatefulSet: each pod has a volume of its own. */
  readonly hasVolumes?: boolean;
}

/** What is more important than the rest: it may take the place of others. */
export const important: PriorityClass = { metadata: { name: "important" }, value: 1_000 };

export function deploymentOf(application: Application): Deployment {
  const { name, namespace, replicas } = application;
  return {
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: templateOf(application, "1") },
  };
}

export function statefulSetOf(application: Application): StatefulSet {
  const { name, namespace, replicas, hasVolumes } = application;
  return {
    metadata: { name, namespace },
    spec: {
      serviceName: name,
      replicas,
      selector: { matchLabels: { app: name } },
      template: templateOf(application, "1"),
      ...(hasVolumes ? { volumeClaimTemplates: [claim] } : {}),
    },
  };
}

/** Of the built-in class: a directory of the node on which the pod runs first, and from then on always. */
const claim: PersistentVolumeClaim = {
  metadata: { name: "store" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};

export function jobOf(application: Application): Job {
  const { name, namespace, replicas } = application;
  const { spec, ...template } = templateOf(application, "1");
  return {
    metadata: { name, namespace },
    spec: {
      completions: replicas,
      parallelism: Math.max(1, Math.ceil(replicas / 2)),
      template: { ...template, spec: { containers: [], ...spec, restartPolicy: "OnFailure" } },
    },
  };
}

export function serviceOf({ name, namespace }: Application): Service {
  return { metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port: 80 }] } };
}

/** All but one may always be counted on. */
export function budgetOf({ name, namespace }: Application): PodDisruptionBudget {
  return {
    metadata: { name, namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
  };
}

export function templateOf(
  { name, cpuMilli, memoryMebibytes, priority }: Application,
  version: string,
): PodTemplateSpec {
  const memory = `${memoryMebibytes}Mi`;
  return {
    metadata: { labels: { app: name } },
    spec: {
      ...(priority === undefined ? {} : { priorityClassName: priority }),
      containers: [
        {
          name: "main",
          image: `${name}:${version}`,
          resources: { requests: { cpu: `${cpuMilli}m`, memory }, limits: { memory } },
        },
      ],
    },
  };
}

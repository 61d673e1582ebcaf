import type { Workload } from "./workloads.ts";

/** `SchedulingBasic` for any size: equal nodes, some pods that are there before, and those that count. */
export function basicWorkload(size: { nodes: number; before: number; counted: number }): Workload {
  const pods = { opcode: "createPods", template: pod, waits: true } as const;
  return {
    name: `SchedulingBasic/${size.nodes}Nodes_${size.counted}Pods`,
    alike: [],
    labels: [],
    threshold: undefined,
    obstacle: undefined,
    operations: [
      { opcode: "createNodes", count: size.nodes, template: node },
      { ...pods, namespace: "namespace-1", count: size.before, collects: false },
      { ...pods, namespace: "namespace-2", count: size.counted, collects: true },
    ],
  };
}

const node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { generateName: "node-" },
  status: {
    capacity: { pods: "110", cpu: "4", memory: "32Gi" },
    conditions: [{ type: "Ready", status: "True" }],
  },
};

const amounts = { cpu: "100m", memory: "500Mi" };

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: "pod-" },
  spec: {
    containers: [
      {
        name: "pause",
        image: "registry.k8s.io/pause:3.10.2",
        ports: [{ containerPort: 80 }],
        resources: { limits: amounts, requests: amounts },
      },
    ],
  },
};

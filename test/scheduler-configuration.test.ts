import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Profiles of the scheduler, as people write them for kube-scheduler, in a ConfigMap that may change at any time. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up("--fake-nodes", "6");
  await run("wait nodes --all --for=condition=Ready --timeout=30s");
});

const { run, get } = typing(machine);

const configured = (strategy: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: kube-scheduler, namespace: kube-system }
data:
  config.yaml: |
    apiVersion: kubescheduler.config.k8s.io/v1
    kind: KubeSchedulerConfiguration
    profiles:
    - schedulerName: default-scheduler
    - schedulerName: packer
      pluginConfig:
      - name: NodeResourcesFit
        args: { scoringStrategy: { type: ${strategy} } }
      - name: PodTopologySpread
        args: { defaultingType: List }
`;

const workload = (name: string, scheduler: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 12
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      schedulerName: ${scheduler}
      nodeSelector: { nacre.dev/fake: "true" }
      tolerations: [{ key: nacre.dev/fake, operator: Exists }]
      containers: [{ name: main, image: nowhere/web:1, resources: { requests: { cpu: 400m, memory: 1600Mi } } }]
`;

test("pods of a scheduler that nobody is wait, and nacre explain says so", async () => {
  await run("apply -f -", workload("packed", "packer"));
  await run("wait --for=create pod -l app=packed --timeout=30s");
  const [pod] = (await get("pods -l app=packed")).items;
  assert.match((await machine.nacre("explain", "pod", pod.metadata.name)).stdout, /packer/);
  assert.equal(pod.spec.nodeName, undefined);
});

test("once the configuration has a profile of its name, they are packed onto one node, and others spread", async () => {
  await run("apply -f -", configured("MostAllocated"));
  await run("apply -f -", workload("spread", "default-scheduler"));
  for (const name of ["packed", "spread"]) await run(`rollout status deployment/${name} --timeout=60s`);
  assert.equal((await nodesOf("packed")).size, 1);
  assert.equal((await nodesOf("spread")).size, 6);
  const [pod] = (await get("pods -l app=packed")).items;
  const explained = await machine.nacre("explain", "pod", pod.metadata.name);
  assert.match(explained.stdout, new RegExp(`is on ${pod.spec.nodeName}`));
  assert.doesNotMatch(explained.stdout, /another scheduler|packer/);
});

test("a mistake is an event of the ConfigMap, with its line, and what held goes on", async () => {
  await run("apply -f -", configured("Fullest"));
  await run(
    "-n kube-system wait --for=create event --field-selector reason=InvalidConfiguration --timeout=30s",
  );
  assert.match(
    await run("describe configmap kube-scheduler -n kube-system"),
    /InvalidConfiguration +.*scheduled as before: line 8: .*is one of LeastAllocated, MostAllocated, RequestedToCapacityRatio, not Fullest/,
  );
  await run("scale deployment packed --replicas=14");
  await run("rollout status deployment/packed --timeout=60s");
  assert.equal((await nodesOf("packed")).size, 1);
});

async function nodesOf(app: string): Promise<Set<string>> {
  const { items } = await get(`pods -l app=${app}`);
  return new Set(items.map(({ spec }: { spec: { nodeName: string } }) => spec.nodeName));
}

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { configMaps, events, nodes, type Pod, pods } from "#api";
import { seededRandom, silentLogger, silentMetrics } from "#base";
import { createClient } from "#client";
import { FakeApiServer, VirtualClock } from "#testing";
import { startScheduler } from "../mod.ts";

const packing = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packer
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy: { type: MostAllocated }
`;

test("pods of a profile are placed by its rules, as soon as the configuration is there", async (t) => {
  const { clock, configure, addPod, nodeOf, heard } = await worldOfTwoNodes(t);
  await addPod("early", { schedulerName: "packer" });
  await clock.advance(100);
  assert.equal(await nodeOf("early"), undefined);
  await configure(packing);
  await clock.advance(100);
  assert.equal(await nodeOf("early"), "fuller");
  await addPod("spread");
  await clock.advance(100);
  assert.equal(await nodeOf("spread"), "emptier");
  assert.deepEqual(await heard(), ["Configured: Pods of default-scheduler, packer are scheduled as it says"]);
});

test("a configuration with mistakes changes nothing, and an event says what is wrong", async (t) => {
  const { clock, configure, addPod, nodeOf, heard } = await worldOfTwoNodes(t);
  await configure(packing);
  await clock.advance(100);
  await configure(packing.replace("MostAllocated", "Fullest"));
  await addPod("packed", { schedulerName: "packer" });
  await clock.advance(100);
  assert.equal(await nodeOf("packed"), "fuller");
  const told = await heard();
  assert.match(told.join("\n"), /InvalidConfiguration: Pods are scheduled as before: line 10: .*not Fullest/);
});

test("without its configuration a scheduler is the default one again", async (t) => {
  const { clock, client, configure, addPod, nodeOf } = await worldOfTwoNodes(t);
  await configure(packing);
  await clock.advance(100);
  await client.resource(configMaps, "kube-system").delete("kube-scheduler");
  await addPod("foreign", { schedulerName: "packer" });
  await addPod("own");
  await clock.advance(100);
  assert.equal(await nodeOf("foreign"), undefined);
  assert.equal(await nodeOf("own"), "emptier");
});

async function worldOfTwoNodes(t: TestContext) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const client = createClient({ transport: new FakeApiServer(clock), clock, random });
  const ended = new AbortController();
  const options = { client, clock, random, logger: silentLogger, metrics: silentMetrics };
  const running = startScheduler({ ...options, signal: ended.signal });
  t.after(async () => {
    ended.abort();
    await running;
  });
  const requests = { cpu: "1", memory: "1Gi" };
  const addPod = (name: string, spec: object = {}) =>
    client.resource(pods, "shop").create({
      metadata: { name },
      spec: { containers: [{ name: "c", resources: { requests } }], ...spec },
    });
  for (const name of ["emptier", "fuller"]) {
    const allocatable = { cpu: "8", memory: "16Gi", pods: "110" };
    await client.resource(nodes).create({ metadata: { name }, status: { allocatable } });
  }
  await addPod("there", { nodeName: "fuller" });
  await clock.advance(100);
  let made = false;
  return {
    clock,
    client,
    addPod,
    async configure(text: string) {
      const api = client.resource(configMaps, "kube-system");
      const data = { "config.yaml": text };
      if (made) await api.patch("kube-scheduler", { type: "merge", patch: { data } });
      else await api.create({ metadata: { name: "kube-scheduler" }, data });
      made = true;
    },
    nodeOf: async (name: string) => ((await client.resource(pods, "shop").get(name)) as Pod).spec?.nodeName,
    heard: async () =>
      (await client.resource(events, "kube-system").list()).items.map(
        ({ reason, message }) => `${reason}: ${message}`,
      ),
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "../../framework/cluster.ts";
import { claimWaitersIn } from "./claim-waiters.ts";

test("a change of a claim or of its volume is told to who waits for it, and to nobody else", () => {
  const cluster = new Cluster();
  const { persistentVolumeClaims, persistentVolumes } = cluster.listers;
  const told: string[] = [];
  const wait = (name: string) => claimWaitersIn(cluster).wait([`shop/${name}`], () => told.push(name));
  const stopA = wait("a");
  wait("b");
  persistentVolumeClaims.set({ metadata: { name: "a", namespace: "shop" } });
  persistentVolumeClaims.set({ metadata: { name: "a", namespace: "bank" } });
  persistentVolumes.set({ metadata: { name: "v" }, spec: { claimRef: { namespace: "shop", name: "b" } } });
  persistentVolumes.set({ metadata: { name: "free" }, spec: {} });
  assert.deepEqual(told, ["a", "b"]);
  stopA();
  persistentVolumeClaims.delete({ metadata: { name: "a", namespace: "shop" } });
  assert.deepEqual(told, ["a", "b"]);
});

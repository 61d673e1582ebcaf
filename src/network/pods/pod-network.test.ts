import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "#host";
import type { NetworkConfig } from "../network.ts";
import { openPodNetwork } from "./pod-network.ts";

const config: NetworkConfig = {
  bridge: "nacre0",
  table: "nacre",
  clusterPodRange: "10.244.0.0/16",
  nodePodRange: "10.244.0.0/24",
  serviceRange: "10.96.0.0/16",
  dnsAddress: "10.96.0.10",
  clusterDomain: "cluster.local",
  nodePortRanges: [],
  stateDirectory: "/state",
};

test("the leases of pods that come together are kept before any of them is connected, in few writes", async () => {
  const written: string[] = [];
  const files = {
    read: async () => undefined,
    async write(path: string, content: string) {
      if (path === "/state/leases.json") written.push(content);
    },
  };
  const run = async () => ({ exitCode: 0, stdout: "", stderr: "" });
  const network = await openPodNetwork({ files, run } as unknown as Host, config);
  const kept = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const id = `pod-${index}`;
      const { addresses } = await network.attach({ id, networkNamespace: `/net/${id}`, hostPorts: [] });
      return written.some((text) => JSON.parse(text).leases[id]?.address === addresses[0]);
    }),
  );
  assert.ok(kept.every(Boolean));
  assert.ok(written.length <= 2, `${written.length} writes`);
});

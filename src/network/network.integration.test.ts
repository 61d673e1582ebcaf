import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { prepareNetwork, removeNetwork } from "./machine/prepare.ts";
import { openPodNetwork } from "./pods/pod-network.ts";
import { createTestNetwork } from "./testing/test-network.ts";

/** What a machine has of a cluster's network, from the first device to the last. */
const network = await createTestNetwork();
const { host, config, machine, pods, pod, address, ask } = network;
after(() => network.remove());

test("pods reach one another and the machine reaches pods", async () => {
  assert.equal(await ask(pod("a"), address("b"), 8080), `b ${address("a")}`);
  assert.equal(await ask(pod("b"), address("a"), 8080), `a ${address("b")}`);
  assert.equal(await ask(machine, address("c"), 8080), "c 10.244.0.1");
});

test("a packet to a pod's address is rejected even when the range's route is gone and another would take it", async () => {
  const ip = (...args: string[]) => host.run({ program: "ip", arguments: args });
  await ip("link", "add", "elsewhere", "type", "bridge");
  await ip("addr", "add", "192.0.2.1/24", "dev", "elsewhere");
  await ip("link", "set", "elsewhere", "up");
  await ip("route", "add", "default", "via", "192.0.2.254");
  await ip("route", "delete", "unreachable", config.clusterPodRange, "metric", "4096");
  try {
    assert.equal(await ask(machine, "10.244.7.7", 80), "ECONNREFUSED");
  } finally {
    await prepareNetwork(host, config);
    await ip("link", "delete", "elsewhere");
  }
});

test("a packet to a fake pod is rejected although there is a way out", async () => {
  const ip = (...args: string[]) => host.run({ program: "ip", arguments: args });
  await ip("link", "add", "elsewhere", "type", "bridge");
  await ip("addr", "add", "192.0.2.1/24", "dev", "elsewhere");
  await ip("link", "set", "elsewhere", "up");
  await ip("route", "add", "default", "via", "192.0.2.254");
  try {
    assert.equal(await ask(machine, "240.0.7.2", 80), "ECONNREFUSED");
    assert.equal(await ask(pod("a"), "240.0.7.2", 80), "ECONNREFUSED");
  } finally {
    await ip("link", "delete", "elsewhere");
  }
});

test("a second cluster with the same addresses is refused before anything is made", async () => {
  const second = {
    ...config,
    table: "second",
    bridge: "second0",
    stateDirectory: join(config.stateDirectory, "second"),
  };
  await assert.rejects(
    prepareNetwork(host, second),
    /already routes it .*A machine holds one cluster: .*nacre down --data DIR/,
  );
  const tables = await host.run({ program: "nft", arguments: ["list", "tables"] });
  assert.doesNotMatch(tables.stdout, /second/);
});

test("a second cluster of the same name neither takes the first one's network nor takes it away", async () => {
  const second = { ...config, stateDirectory: join(config.stateDirectory, "second") };
  await assert.rejects(prepareNetwork(host, second), (error: Error) =>
    error.message.includes(`belongs to the cluster that keeps its network in ${config.stateDirectory}`),
  );
  await removeNetwork(host, second);
  await prepareNetwork(host, config);
  const devices = await host.run({ program: "ip", arguments: ["link", "show", config.bridge] });
  assert.match(devices.stdout, new RegExp(`alias ${config.stateDirectory}\n`));
});

test("a table that somebody has flushed away comes back when the network is prepared again", async () => {
  await host.run({ program: "nft", arguments: ["flush", "ruleset"] });
  await prepareNetwork(host, config);
  assert.equal(await ask(machine, "10.96.0.50", 80), "ECONNREFUSED");
  const tables = await host.run({ program: "nft", arguments: ["list", "tables"] });
  assert.equal(tables.stdout, `table ip ${config.table}\n`);
});

test("a pod cannot reach what listens on the machine's loopback", async () => {
  await network.serve(machine, "private");
  assert.match(await ask(machine, "127.9.9.9", 8080), /^private /);
  const route = ["route", "replace", "127.9.9.9", "via", "10.244.0.1", "dev", "eth0"];
  await host.run({ program: "ip", arguments: ["netns", "exec", pod("a"), "ip", ...route] });
  assert.equal(await ask(pod("a"), "127.9.9.9", 8080), "silence");
});

test("an address once leased stays with its pod over a restart, and a detached one is free again", async () => {
  const reopened = await openPodNetwork(host, config);
  assert.deepEqual((await reopened.leases()).get("a")?.addresses, [address("a")]);
  await pods.detach("c");
  assert.equal((await pods.leases()).has("c"), false);
  const devices = await host.run({
    program: "ip",
    arguments: ["-o", "link", "show", "type", "veth"],
  });
  assert.equal(devices.stdout.trim().split("\n").length, 2);
});

test("removal leaves no table, device or route", async () => {
  await pods.detach("a");
  await pods.detach("b");
  await removeNetwork(host, config);
  const tables = await host.run({ program: "nft", arguments: ["list", "tables"] });
  const links = await host.run({ program: "ip", arguments: ["-o", "link"] });
  const routes = await host.run({ program: "ip", arguments: ["route"] });
  assert.equal(tables.stdout.trim(), "");
  assert.equal(links.stdout.trim().split("\n").length, 1);
  assert.equal(routes.stdout.trim(), "");
});

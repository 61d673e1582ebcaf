import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { openKeptNft } from "../machine/kept-nft.ts";
import { prepareNetwork } from "../machine/prepare.ts";
import { createTestNetwork, type PodName } from "../testing/test-network.ts";
import { ServiceProgram } from "./program.ts";
import type { ServicePort } from "./service-table.ts";
import { cutStrandedFlows } from "./stranded-flows.ts";

/** What the kernel makes of programs for services. */
const network = await createTestNetwork();
const { host, config, machine, pod, address, ask, serveUdp, udpClient } = network;
const table = openKeptNft(host, join(config.stateDirectory, "services.nft"));
let program = new ServiceProgram(config.table);
after(async () => {
  await table.close();
  await network.remove();
});

test("connections to a service go to its endpoints in turn, from the machine and from a pod", async () => {
  await install([service()]);
  for (const from of [machine, pod("a")]) {
    const answers = await answerers(6, from);
    assert.deepEqual([...answers.slice(0, 3)].sort(), ["a", "b", "c"]);
    assert.deepEqual(answers.slice(3), answers.slice(0, 3));
  }
});

test("a pod that reaches itself through its service gets an answer", async () => {
  await install([service({ endpoints: [endpoint("a")] })]);
  assert.match(await ask(pod("a"), "10.96.0.50", 80), /^a /);
});

test("a node port answers on loopback, and keeps answering while endpoints change", async () => {
  await install([service()]);
  assert.match(await ask(machine, "127.0.0.1", 30080), /^[abc] /);
  await install([service({ endpoints: [endpoint("b")] })]);
  for (let count = 0; count < 3; count += 1) assert.match(await ask(machine, "127.0.0.1", 30080), /^b /);
});

test("thousands of new connections while endpoints come and go hundreds of times a second: none is turned away", async () => {
  await install([service()]);
  const asked = network.askMany(machine, 10_000, [
    ["127.0.0.1", 30080],
    ["10.96.0.50", 80],
  ]);
  const sets: readonly (readonly PodName[])[] = [["a", "b"], ["b", "c"], ["a", "b", "c"], ["c"]];
  let answers: string | undefined;
  asked.then((text) => {
    answers = text;
  });
  for (let round = 0; answers === undefined; round += 1) {
    const pods = sets[round % sets.length] ?? [];
    await install([service({ endpoints: pods.map(endpoint) })]);
  }
  assert.equal(await asked, "10000 answered");
});

test("a client returns to its endpoint while others come, goes to another when it leaves, and stays there", async () => {
  const sticky = (...pods: PodName[]) => service({ endpoints: pods.map(endpoint), affinitySeconds: 10_800 });
  await install([sticky("b")]);
  assert.deepEqual(await answerers(2), ["b", "b"]);
  await install([sticky("a", "b", "c")]);
  assert.deepEqual(await answerers(4), ["b", "b", "b", "b"]);
  await install([sticky("a", "c")]);
  const [next] = await answerers(1);
  assert.match(next as string, /[ac]/);
  await install([sticky("a", "b", "c")]);
  assert.deepEqual(await answerers(3), [next, next, next]);
  await installAnew([sticky("a", "b", "c")]);
  assert.deepEqual(await answerers(2), [next, next]);
});

test("a client that came through the node port returns to its endpoint by the service's address", async () => {
  await install([service({ affinitySeconds: 10_800, id: "default/other:http:tcp" })]);
  const [first] = await ask(pod("a"), "10.244.0.1", 30080);
  assert.deepEqual(await answerers(3, pod("a")), [first, first, first]);
});

test("a client that has been away for longer than the service's time is balanced anew", async () => {
  await install([service({ affinitySeconds: 1, id: "default/brief:http:tcp" })]);
  const [first] = await answerers(1);
  const remembered = async () =>
    (await host.run({ program: "nft", arguments: ["list", "map", "ip", config.table, "affinity"] })).stdout;
  assert.match(await remembered(), /timeout 1s/);
  for (let looked = 0; looked < 1000 && /timeout 1s/.test(await remembered()); looked += 1);
  assert.notDeepEqual(await answerers(1), [first]);
});

test("a UDP client that keeps its port reaches the new endpoint once the old one is gone", async () => {
  for (const name of ["a", "b"] as const) await serveUdp(pod(name), name);
  const askUdp = udpClient();
  await install([nameService("a")]);
  assert.equal(await askUdp("10.96.0.53", 53), "a");
  await install([nameService("b")]);
  assert.equal(await askUdp("10.96.0.53", 53), "b");
});

test("a UDP client that asked before there was an endpoint reaches the first one", async () => {
  await install([]);
  const askUdp = udpClient();
  assert.equal(await askUdp("127.0.0.1", 30053), "silence");
  await install([nameService("a")]);
  assert.equal(await askUdp("127.0.0.1", 30053), "a");
});

test("what no service and no pod answers is refused on the machine, at once", async () => {
  await install([]);
  assert.equal(await ask(machine, "10.96.0.50", 80), "ECONNREFUSED");
  assert.equal(await ask(pod("a"), "10.96.0.50", 80), "ECONNREFUSED");
  assert.equal(await ask(machine, "10.244.7.7", 80), "EHOSTUNREACH");
  assert.equal(await ask(machine, "127.0.0.1", 30080), "ECONNREFUSED");
});

test("a connection that another program has marked is not taken for one to a service", async () => {
  await install([service()]);
  const marks = await host.run({
    program: "nft",
    arguments: ["list", "map", "ip", config.table, "service-marks"],
  });
  const mark = /10\.96\.0\.50 \. tcp \. 80 : (0x[0-9a-f]+)/.exec(marks.stdout)?.[1];
  assert.ok(mark);
  await table.apply(
    [
      "add table ip foreign",
      "add chain ip foreign early { type filter hook output priority -150; }",
      `add rule ip foreign early tcp dport 9999 ct mark set ${mark} meta mark set ${mark}`,
    ].join("\n"),
  );
  assert.equal(await ask(machine, "127.0.0.1", 9999), "ECONNREFUSED");
  await table.apply("delete table ip foreign");
});

test("preparing again keeps services; a full reset replaces whatever is there", async () => {
  await install([service()]);
  await prepareNetwork(host, config);
  assert.match(await ask(machine, "10.96.0.50", 80), /^[abc] /);
  await installAnew([service({ endpoints: [endpoint("c")] })]);
  assert.match(await ask(machine, "10.96.0.50", 80), /^c /);
});

function endpoint(name: PodName): string {
  return `${address(name)} . 8080`;
}

function service(over: Partial<ServicePort> = {}): ServicePort {
  return {
    id: "default/web:http:tcp",
    frontends: [
      { type: "address", address: "10.96.0.50", protocol: "tcp", port: 80 },
      { type: "node-port", protocol: "tcp", port: 30080 },
    ],
    endpoints: [endpoint("a"), endpoint("b"), endpoint("c")],
    affinitySeconds: undefined,
    ...over,
  };
}

function nameService(server: PodName): ServicePort {
  return service({
    id: "default/names:dns:udp",
    frontends: [
      { type: "address", address: "10.96.0.53", protocol: "udp", port: 53 },
      { type: "node-port", protocol: "udp", port: 30053 },
    ],
    endpoints: [`${address(server)} . 53`],
  });
}

async function install(ports: ServicePort[]): Promise<void> {
  const { ruleset, strandsFlows } = program.replace([["default/web", ports]]);
  if (ruleset !== "") await table.apply(ruleset);
  if (strandsFlows) await cutStrandedFlows(host, config, (frontend) => program.endpointsOf(frontend));
}

/** As after a restart: from a program that knows nothing of what the kernel holds. */
async function installAnew(ports: ServicePort[]): Promise<void> {
  program = new ServiceProgram(config.table);
  const { stdout } = await host.run({ program: "nft", arguments: ["list", "table", "ip", config.table] });
  const left = [...stdout.matchAll(/chain ((?:lb|sticky)-\S+) /g)].map((match) => match[1] as string);
  await table.apply(program.reset([["default/web", ports]], left).ruleset);
}

/** The pods that answer so many connections to the service. */
async function answerers(count: number, from: string = machine): Promise<string[]> {
  const names: string[] = [];
  for (let asked = 0; asked < count; asked += 1) names.push((await ask(from, "10.96.0.50", 80))[0] as string);
  return names;
}

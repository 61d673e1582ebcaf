import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost, type Host, type Program } from "#host";
import { namespacedHost } from "#testing";
import { type KeptNft, openKeptNft } from "./machine/kept-nft.ts";
import { prepareNetwork, removeNetwork } from "./machine/prepare.ts";
import type { NetworkConfig, PodNetwork } from "./network.ts";
import { openPodNetwork } from "./pods/pod-network.ts";
import { ServiceProgram } from "./services/program.ts";
import type { ServicePort } from "./services/service-table.ts";
import { cutStrandedFlows } from "./services/stranded-flows.ts";

/** A machine of its own: a network namespace with nothing but loopback, so that no packet can leave. */
const machine = `nacre-test-net-${process.pid}`;
const pods = ["a", "b", "c"].map((name) => ({ name, namespace: `${machine}-${name}` }));
const real = createHost({ clock: systemClock, logger: silentLogger });
const host: Host = namespacedHost(real, `/run/netns/${machine}`);
const servers: Program[] = [];
const addresses = new Map<string, string>();
let directory: string;
let config: NetworkConfig;
let network: PodNetwork;
let program: ServiceProgram;
let table: KeptNft;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "nacre-test-net-"));
  config = {
    bridge: "test0",
    table: "test",
    clusterPodRange: "10.244.0.0/16",
    nodePodRange: "10.244.0.0/24",
    serviceRange: "10.96.0.0/16",
    dnsAddress: "10.96.0.10",
    clusterDomain: "cluster.local",
    nodePortRanges: ["127.0.0.0/8", "10.244.0.1"],
    stateDirectory: directory,
  };
  for (const name of [machine, ...pods.map((pod) => pod.namespace)]) {
    await real.run({ program: "ip", arguments: ["netns", "add", name] });
  }
  await host.run({ program: "ip", arguments: ["link", "set", "lo", "up"] });
  await prepareNetwork(host, config);
  network = await openPodNetwork(host, config);
  for (const { name, namespace } of pods) {
    const pod = await network.attach({
      id: name,
      networkNamespace: `/run/netns/${namespace}`,
      hostPorts: [],
    });
    addresses.set(name, pod.addresses[0] as string);
    servers.push(await serve(namespace, name));
  }
  program = new ServiceProgram(config.table);
  table = openKeptNft(host, join(directory, "services.nft"));
});

after(async () => {
  await table.close();
  for (const server of servers) {
    server.signal("SIGKILL");
    await server.exited;
  }
  for (const name of [...pods.map((pod) => pod.namespace), machine]) {
    await real.run({ program: "ip", arguments: ["netns", "delete", name], allowFailure: true });
  }
  await rm(directory, { recursive: true, force: true });
});

/** A pod's server: every connection gets the pod's name. Resolves once it listens. */
async function serve(namespace: string, name: string): Promise<Program> {
  const script = `require("node:net").createServer((s) => { s.on("error", () => {}); s.end(${JSON.stringify(name)} + " " + s.remoteAddress); }).listen(8080, "0.0.0.0", () => console.log("up"))`;
  const server = real.spawn({
    program: "nsenter",
    arguments: [`--net=/run/netns/${namespace}`, process.execPath, "-e", script],
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise((resolve) => server.stdout?.once("data", resolve));
  return server;
}

/** What a connection from a namespace to an address answers, or the error's code. */
async function ask(from: string, address: string, port: number): Promise<string> {
  const script = `const s = require("node:net").connect(${port}, "${address}"); let t = ""; s.on("data", (d) => { t += d; }); s.on("end", () => console.log(t)); s.on("error", (e) => console.log(e.code)); setTimeout(() => { console.log("silence"); process.exit(); }, 3000).unref()`;
  const result = await real.run({
    program: "nsenter",
    arguments: [`--net=/run/netns/${from}`, process.execPath, "-e", script],
  });
  return result.stdout.trim();
}

const endpoint = (pod: string) => `${addresses.get(pod)} . 8080`;

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

async function install(ports: ServicePort[]): Promise<void> {
  const { ruleset, strandsFlows } = program.replace([["default/web", ports]]);
  if (ruleset !== "") await table.apply(ruleset);
  if (strandsFlows) await cutStrandedFlows(host, config, (frontend) => program.endpointsOf(frontend));
}

test("pods reach one another and the machine reaches pods", async () => {
  const [a, b] = pods as [(typeof pods)[0], (typeof pods)[0]];
  assert.equal(await ask(a.namespace, addresses.get("b") as string, 8080), `b ${addresses.get("a")}`);
  assert.equal(await ask(b.namespace, addresses.get("a") as string, 8080), `a ${addresses.get("b")}`);
  assert.equal(await ask(machine, addresses.get("c") as string, 8080), "c 10.244.0.1");
});

test("connections to a service go to its endpoints in turn, from the machine and from a pod", async () => {
  await install([service()]);
  for (const from of [machine, (pods[0] as { namespace: string }).namespace]) {
    const answers: string[] = [];
    for (let count = 0; count < 6; count += 1) answers.push((await ask(from, "10.96.0.50", 80))[0] as string);
    assert.deepEqual([...answers.slice(0, 3)].sort(), ["a", "b", "c"]);
    assert.deepEqual(answers.slice(3), answers.slice(0, 3));
  }
});

test("a ruleset that cannot be applied says where it is wrong, and nothing of it is applied", async () => {
  const wrong = `add map ip test made { type mark : mark; }\nadd element ip test nowhere { 1 : 2 }\n`;
  await assert.rejects(
    table.apply(wrong),
    /cannot change the table: Error: No such file or directory nowhere/,
  );
  await table.apply("add map ip test made { type mark : verdict; }\ndelete map ip test made\n");
});

test("a ruleset of any length is applied as one", async () => {
  const elements = Array.from({ length: 5000 }, (_, index) => `${index} : ${index}`);
  await table.apply(
    `add map ip test many { type mark : mark; }\nadd element ip test many { ${elements.join(", ")} }\n`,
  );
  await table.apply("delete map ip test many\n");
});

test("a pod that reaches itself through its service gets an answer", async () => {
  await install([service({ endpoints: [endpoint("a")] })]);
  assert.match(await ask((pods[0] as { namespace: string }).namespace, "10.96.0.50", 80), /^a /);
});

test("a node port answers on loopback, and keeps answering while endpoints change", async () => {
  await install([service()]);
  assert.match(await ask(machine, "127.0.0.1", 30080), /^[abc] /);
  await install([service({ endpoints: [endpoint("b")] })]);
  for (let count = 0; count < 3; count += 1) assert.match(await ask(machine, "127.0.0.1", 30080), /^b /);
});

async function balancerChains(): Promise<string[]> {
  const listed = await host.run({ program: "nft", arguments: ["list", "table", "ip", config.table] });
  return [...listed.stdout.matchAll(/chain ((?:lb|sticky)-\S+) /g)].map((match) => match[1] as string);
}

/** The pods that answer so many connections from the machine. */
async function answerers(count: number): Promise<string[]> {
  const pods: string[] = [];
  for (let asked = 0; asked < count; asked += 1)
    pods.push((await ask(machine, "10.96.0.50", 80))[0] as string);
  return pods;
}

test("a client returns to its endpoint while others come, goes to another when it leaves, and stays there", async () => {
  const sticky = (...pods: string[]) => service({ endpoints: pods.map(endpoint), affinitySeconds: 10_800 });
  await install([sticky("b")]);
  assert.deepEqual(await answerers(2), ["b", "b"]);
  await install([sticky("a", "b", "c")]);
  assert.deepEqual(await answerers(4), ["b", "b", "b", "b"]);
  await install([sticky("a", "c")]);
  const [next] = await answerers(1);
  assert.match(next as string, /[ac]/);
  await install([sticky("a", "b", "c")]);
  assert.deepEqual(await answerers(3), [next, next, next]);
  // Also when everything is programmed anew, as after a restart.
  const fresh = new ServiceProgram(config.table);
  const { ruleset } = fresh.reset([["default/web", [sticky("a", "b", "c")]]], await balancerChains());
  await table.apply(ruleset);
  program = fresh;
  assert.deepEqual(await answerers(2), [next, next]);
});

test("a client that came through the node port returns to its endpoint by the service's address", async () => {
  await install([service({ affinitySeconds: 10_800, id: "default/other:http:tcp" })]);
  const from = (pods[0] as { namespace: string }).namespace;
  const first = (await ask(from, "10.244.0.1", 30080))[0];
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await ask(from, "10.96.0.50", 80))[0], first);
  }
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

/** Answers every UDP packet to its port 53 with its name. Resolves once it listens. */
async function serveUdp(namespace: string, name: string): Promise<void> {
  const script = `const s = require("node:dgram").createSocket("udp4"); s.on("message", (m, from) => s.send(${JSON.stringify(name)}, from.port, from.address)); s.bind(53, "0.0.0.0", () => console.log("up"))`;
  const server = real.spawn({
    program: "nsenter",
    arguments: [`--net=/run/netns/${namespace}`, process.execPath, "-e", script],
    stdio: ["ignore", "pipe", "ignore"],
  });
  servers.push(server);
  await new Promise((resolve) => server.stdout?.once("data", resolve));
}

/** A client on the machine that asks over UDP and keeps its port: every question is a packet of the same flow. */
function udpClient(): (address: string, port: number) => Promise<string> {
  const script = `const s = require("node:dgram").createSocket("udp4"); let timer;
    const say = (text) => { clearTimeout(timer); console.log(text); };
    s.on("message", (m) => say(m.toString()));
    s.on("error", (e) => say(e.code));
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const [address, port] = line.split(" ");
      s.send("?", Number(port), address, () => { timer = setTimeout(say, 500, "silence"); });
    });`;
  const client = real.spawn({
    program: "nsenter",
    arguments: [`--net=/run/netns/${machine}`, process.execPath, "-e", script],
    stdio: ["pipe", "pipe", "ignore"],
  });
  servers.push(client);
  return async (address, port) => {
    client.stdin?.write(`${address} ${port}\n`);
    return String(await new Promise((resolve) => client.stdout?.once("data", resolve))).trim();
  };
}

const nameService = (over: Partial<ServicePort>): ServicePort =>
  service({
    id: "default/names:dns:udp",
    frontends: [
      { type: "address", address: "10.96.0.53", protocol: "udp", port: 53 },
      { type: "node-port", protocol: "udp", port: 30053 },
    ],
    ...over,
  });

test("a UDP client that keeps its port reaches the new endpoint once the old one is gone", async () => {
  for (const pod of ["a", "b"]) await serveUdp(`${machine}-${pod}`, pod);
  const askUdp = udpClient();
  await install([nameService({ endpoints: [`${addresses.get("a")} . 53`] })]);
  assert.equal(await askUdp("10.96.0.53", 53), "a");
  await install([nameService({ endpoints: [`${addresses.get("b")} . 53`] })]);
  assert.equal(await askUdp("10.96.0.53", 53), "b");
});

test("a UDP client that asked before there was an endpoint reaches the first one", async () => {
  await install([]);
  const askUdp = udpClient();
  assert.equal(await askUdp("127.0.0.1", 30053), "silence");
  await install([nameService({ endpoints: [`${addresses.get("a")} . 53`] })]);
  assert.equal(await askUdp("127.0.0.1", 30053), "a");
});

test("what no service and no pod answers is refused on the machine, at once", async () => {
  await install([]);
  assert.equal(await ask(machine, "10.96.0.50", 80), "ECONNREFUSED");
  assert.equal(await ask((pods[0] as { namespace: string }).namespace, "10.96.0.50", 80), "ECONNREFUSED");
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

test("a second cluster with the same addresses is refused before anything is made", async () => {
  const second = { ...config, table: "second", bridge: "second0", stateDirectory: join(directory, "second") };
  await assert.rejects(
    prepareNetwork(host, second),
    /already routes it .*A machine holds one cluster: .*nacre down --data DIR/,
  );
  const tables = await host.run({ program: "nft", arguments: ["list", "tables"] });
  assert.doesNotMatch(tables.stdout, /second/);
});

test("a second cluster of the same name neither takes the first one's network nor takes it away", async () => {
  const second = { ...config, stateDirectory: join(directory, "second") };
  await assert.rejects(prepareNetwork(host, second), (error: Error) =>
    error.message.includes(`belongs to the cluster that keeps its network in ${config.stateDirectory}`),
  );
  await removeNetwork(host, second);
  await prepareNetwork(host, config);
  const devices = await host.run({ program: "ip", arguments: ["link", "show", config.bridge] });
  assert.match(devices.stdout, new RegExp(`alias ${config.stateDirectory}\n`));
});

test("a pod cannot reach what listens on the machine's loopback", async () => {
  const server = await serve(machine, "private");
  servers.push(server);
  await real.run({
    program: "nsenter",
    arguments: [
      `--net=/run/netns/${pods[0]?.namespace}`,
      "ip",
      "route",
      "replace",
      "127.9.9.9",
      "via",
      "10.244.0.1",
      "dev",
      "eth0",
    ],
    allowFailure: true,
  });
  assert.notEqual(
    (await ask((pods[0] as { namespace: string }).namespace, "127.9.9.9", 8080)).split(" ")[0],
    "private",
  );
});

test("preparing again keeps services; a full reset replaces whatever is there", async () => {
  await install([service()]);
  await prepareNetwork(host, config);
  assert.match(await ask(machine, "10.96.0.50", 80), /^[abc] /);
  const fresh = new ServiceProgram(config.table);
  const left = await balancerChains();
  await table.apply(fresh.reset([["default/web", [service({ endpoints: [endpoint("c")] })]]], left).ruleset);
  program = fresh;
  assert.match(await ask(machine, "10.96.0.50", 80), /^c /);
});

test("an address once leased stays with its pod over a restart, and a detached one is free again", async () => {
  const reopened = await openPodNetwork(host, config);
  assert.deepEqual((await reopened.leases()).get("a")?.addresses, [addresses.get("a")]);
  await network.detach("c");
  assert.equal((await network.leases()).has("c"), false);
  const devices = await host.run({
    program: "ip",
    arguments: ["-o", "link", "show", "type", "veth"],
  });
  assert.equal(devices.stdout.trim().split("\n").length, 2);
});

test("removal leaves no table, device or route", async () => {
  await network.detach("a");
  await network.detach("b");
  await removeNetwork(host, config);
  const tables = await host.run({ program: "nft", arguments: ["list", "tables"] });
  const links = await host.run({ program: "ip", arguments: ["-o", "link"] });
  const routes = await host.run({ program: "ip", arguments: ["route"] });
  assert.equal(tables.stdout.trim(), "");
  assert.equal(links.stdout.trim().split("\n").length, 1);
  assert.equal(routes.stdout.trim(), "");
});

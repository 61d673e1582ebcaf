import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "#base";
import { createHost, type Host, type Program } from "#host";
import { namespacedHost } from "#testing";
import { prepareNetwork } from "../machine/prepare.ts";
import type { NetworkConfig, PodNetwork } from "../network.ts";
import { openPodNetwork } from "../pods/pod-network.ts";

/**
 * A machine of its own with the pods `a`, `b` and `c`, which say their name and the client's address on port 8080: network
 * namespaces with nothing but loopback and one another, so that no packet can leave.
 */
export interface TestNetwork {
  /** The machine: its programs run in its network namespace. */
  readonly host: Host;
  readonly config: NetworkConfig;
  readonly pods: PodNetwork;
  /** Names of the network namespaces. */
  readonly machine: string;
  pod(name: PodName): string;
  address(name: PodName): string;
  /** Serves as pods do, from a namespace. Resolves once it listens. */
  serve(from: string, name: string): Promise<void>;
  /** Answers every UDP packet to port 53 of a namespace with its name. Resolves once it listens. */
  serveUdp(from: string, name: string): Promise<void>;
  /** What a connection from a namespace to an address answers, or the error's code. */
  ask(from: string, address: string, port: number): Promise<string>;
  /** Connects so many times to addresses in turn, eight at a time; what became of them, counted. */
  askMany(from: string, times: number, servers: readonly (readonly [string, number])[]): Promise<string>;
  /** A client on the machine that asks over UDP and keeps its port: every question is a packet of the same flow. */
  udpClient(): (address: string, port: number) => Promise<string>;
  remove(): Promise<void>;
}

export type PodName = (typeof podNames)[number];

const podNames = ["a", "b", "c"] as const;
const real = createHost({ clock: systemClock, logger: silentLogger });
let made = 0;

export async function createTestNetwork(): Promise<TestNetwork> {
  const machine = `nacre-test-net-${process.pid}-${++made}`;
  const host = namespacedHost(real, `/run/netns/${machine}`);
  // With a space, as people have it in their paths.
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-a net-"));
  const config = configOf(directory);
  const pod = (name: string) => `${machine}-${name}`;
  const namespaces = [...podNames.map(pod), machine];
  const addresses = new Map<PodName, string>();
  const running: Program[] = [];
  const begin = (from: string, script: string, stdin: "ignore" | "pipe") => {
    const program = real.spawn({ ...inside(from, script), stdio: [stdin, "pipe", "ignore"] });
    running.push(program);
    return program;
  };
  const serve = async (from: string, script: string) => {
    const server = begin(from, script, "ignore");
    await new Promise((resolve) => server.stdout?.once("data", resolve));
  };
  const remove = async () => {
    for (const program of running) {
      program.signal("SIGKILL");
      await program.exited;
    }
    for (const name of namespaces) {
      await real.run({ program: "ip", arguments: ["netns", "delete", name], allowFailure: true });
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const name of namespaces) await real.run({ program: "ip", arguments: ["netns", "add", name] });
    await host.run({ program: "ip", arguments: ["link", "set", "lo", "up"] });
    await prepareNetwork(host, config);
    const pods = await openPodNetwork(host, config);
    for (const name of podNames) {
      const networkNamespace = `/run/netns/${pod(name)}`;
      const attached = await pods.attach({ id: name, networkNamespace, hostPorts: [] });
      addresses.set(name, attached.addresses[0] as string);
      await serve(pod(name), serverScript(name));
    }
    return {
      host,
      config,
      pods,
      machine,
      pod,
      address: (name) => addresses.get(name) as string,
      serve: (from, name) => serve(from, serverScript(name)),
      serveUdp: (from, name) => serve(from, udpServerScript(name)),
      ask: async (from, address, port) =>
        (await real.run(inside(from, clientScript(address, port)))).stdout.trim(),
      askMany: async (from, times, servers) =>
        (await real.run(inside(from, manyScript(times, servers)))).stdout.trim(),
      udpClient() {
        const client = begin(machine, udpClientScript, "pipe");
        return async (address, port) => {
          client.stdin?.write(`${address} ${port}\n`);
          return String(await new Promise((resolve) => client.stdout?.once("data", resolve))).trim();
        };
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function configOf(stateDirectory: string): NetworkConfig {
  return {
    bridge: "test0",
    table: "test",
    clusterPodRange: "10.244.0.0/16",
    nodePodRange: "10.244.0.0/24",
    serviceRange: "10.96.0.0/16",
    dnsAddress: "10.96.0.10",
    clusterDomain: "cluster.local",
    nodePortRanges: ["127.0.0.0/8", "10.244.0.1"],
    stateDirectory,
  };
}

function inside(namespace: string, script: string): { program: string; arguments: string[] } {
  return {
    program: "nsenter",
    arguments: [`--net=/run/netns/${namespace}`, process.execPath, "-e", script],
  };
}

function serverScript(name: string): string {
  return `require("node:net").createServer((s) => { s.on("error", () => {}); s.end(${JSON.stringify(name)} + " " + s.remoteAddress); }).listen(8080, "0.0.0.0", () => console.log("up"))`;
}

function udpServerScript(name: string): string {
  return `const s = require("node:dgram").createSocket("udp4"); s.on("message", (m, from) => s.send(${JSON.stringify(name)}, from.port, from.address)); s.bind(53, "0.0.0.0", () => console.log("up"))`;
}

function clientScript(address: string, port: number): string {
  return `const s = require("node:net").connect(${port}, "${address}"); let t = ""; s.on("data", (d) => { t += d; }); s.on("end", () => console.log(t)); s.on("error", (e) => console.log(e.code)); s.setTimeout(3000, () => { console.log("silence"); process.exit(); })`;
}

function manyScript(times: number, servers: readonly (readonly [string, number])[]): string {
  return `const counts = new Map(); let begun = 0;
  const servers = ${JSON.stringify(servers)};
  const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const next = () => {
    if (begun >= ${times}) return;
    const [host, port] = servers[begun++ % servers.length];
    let became = "silent";
    const socket = require("node:net").connect({ host, port });
    socket.on("data", () => { became = "answered"; });
    socket.on("error", (error) => { became = error.code; });
    socket.on("close", () => { count(became); next(); });
  };
  for (let at = 0; at < 8; at += 1) next();
  process.on("exit", () => console.log([...counts].map(([what, times]) => times + " " + what).join(", ")));`;
}

const udpClientScript = `const s = require("node:dgram").createSocket("udp4"); let said = 0;
  const { scheduler } = require("node:timers/promises");
  const say = (text) => { said += 1; console.log(text); };
  s.on("message", (m) => say(m.toString()));
  s.on("error", (e) => say(e.code));
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const [address, port] = line.split(" ");
    const before = said;
    s.send("?", Number(port), address, () => scheduler.wait(500).then(() => { if (said === before) say("silence"); }));
  });`;

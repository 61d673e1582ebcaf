import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { configMaps, type Pod, pods, secrets, serviceAccounts } from "#api";
import { kubeconfigFor, kubeconfigText, nodeSubject, openPki } from "#apiserver/pki";
import { must, silentLogger, systemClock, systemRandom } from "#base";
import { createHost } from "#host";
import {
  busyboxImage,
  dialTunnel,
  lacksBusybox,
  type ServedCluster,
  servedCluster,
  TestRegistry,
} from "#testing";
import { onOwnMachine, ownMachine } from "./testing/own-machine.ts";
import { RealNode } from "./testing/real-node.ts";

const machine = ownMachine();
const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";

/** Certificates, roles, the node authorizer and the tunnel as users have them; the agent is a process, which dies. */
describe("an agent process and a secured API server", { skip: machine ? skip : "runs inside" }, () => {
  let cluster: ServedCluster;
  let registry: TestRegistry;
  let line: Line;
  let node: RealNode;
  let agent: ChildProcess | undefined;
  let kubeconfig = "";
  let image = "";
  const credentials = { username: "me", password: "hush" };

  const start = async () => {
    const program = fileURLToPath(new URL("./testing/agent-process.ts", import.meta.url));
    const words = [program, kubeconfig, "node", JSON.stringify(machine)];
    agent = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    await once(must(agent.stdout, "it is a pipe"), "data");
  };
  const kill = async () => {
    const child = must(agent, "it runs");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const run = (name: string, script: string, spec: object = {}) =>
    node.run(
      name,
      { image, command: ["sh", "-c", script] },
      { imagePullSecrets: [{ name: "registry" }], ...spec },
    );
  const tunnelled = async (...words: string[]) => {
    const deadline = systemClock.monotonicMs() + 10_000;
    for (;;) {
      const said = await cluster.kubectl(words);
      if (said.code === 0 || systemClock.monotonicMs() > deadline) return said;
      await systemClock.sleep(100);
    }
  };
  const nodeTls = () => {
    const timing = { clock: systemClock, random: systemRandom };
    const pki = openPki(join(dirname(cluster.kubeconfigPath), "pki"), timing);
    return { authority: pki.authority, ...pki.client("node", nodeSubject("node")) };
  };

  before(async () => {
    const own = must(machine, "runs on a machine of its own");
    const host = createHost({ clock: systemClock, logger: silentLogger });
    await host.run({ program: "ip", arguments: ["link", "set", "lo", "up"] });
    registry = await TestRegistry.start({ credentials });
    image = registry.add("some/where", "1", await busyboxImage());
    cluster = await servedCluster({ secured: true });
    // What controllers would make.
    await cluster.client.resource(serviceAccounts, "default").create({ metadata: { name: "default" } });
    const data = { "ca.crt": cluster.tls.authority };
    await cluster.client
      .resource(configMaps, "default")
      .create({ metadata: { name: "kube-root-ca.crt" }, data });
    node = new RealNode({ client: cluster.client, machine: own });
    await node.prepare();
    line = await Line.to(cluster.listener.port);
    kubeconfig = join(own.directory, "kubeconfig");
    const { authority, ...given } = nodeTls();
    const server = `https://127.0.0.1:${line.port}`;
    const config = kubeconfigFor({ name: "test", server, authority, user: "node", credentials: given });
    await writeFile(kubeconfig, kubeconfigText(config), { mode: 0o600 });
    await start();
  });

  after(async () => {
    if (agent?.exitCode === null) await kill();
    await line?.close();
    await node.close();
    await cluster.close();
    await registry.close();
  });

  test("an image that asks for a password comes with the right secret only", async () => {
    await node.run("stranger", { image, command: ["sleep", "1000"] });
    await node.until("stranger", "held back", (pod) => waiting(pod) === "ImagePullBackOff");
    await node.event("stranger", "Failed", "Failed to pull image");
    await node.remove("stranger");
    const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
    const config = JSON.stringify({ auths: { [registry.host]: { auth } } });
    await cluster.client.resource(secrets, "default").create({
      metadata: { name: "registry" },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": Buffer.from(config).toString("base64") },
    });
    await run("friend", "exec sleep 1000");
    await node.ready("friend");
    await node.event("friend", "Pulled", "Successfully pulled image");
    await node.remove("friend");
  });

  test("killed, its pods go on; the next one finds them as they are and tells how others ended meanwhile", async () => {
    await run("stays", "echo up; exec sleep 1000", { automountServiceAccountToken: true });
    // It ends when the test says so: after the agent's end.
    const sign = `${node.machine.directory}/sign`;
    await node.host.files.makeDirectory(sign);
    await node.run(
      "ends",
      {
        image,
        command: ["sh", "-c", "until [ -e /sign/end ]; do sleep 0.05; done; exit 5"],
        volumeMounts: [{ name: "sign", mountPath: "/sign" }],
      },
      { restartPolicy: "Never", volumes: [{ name: "sign", hostPath: { path: sign } }] },
    );
    const before = await node.ready("stays");
    const ends = await node.ready("ends");
    const mounted = "/var/run/secrets/kubernetes.io/serviceaccount";
    const token = await tunnelled("exec", "stays", "--", "cat", `${mounted}/token`, `${mounted}/namespace`);
    assert.match(token.stdout, /^ey[^.]+\.[^.]+\.[^.]+default$/);
    await kill();
    await node.host.files.append(`${sign}/end`, "");
    await run("comes", "exec sleep 1000");
    const root = `${node.machine.directory}/run/exits`;
    for (const id of [ends.status?.containerStatuses?.[0]?.containerID?.replace(/.*\/\//, "")])
      while (!(await node.host.files.exists(`${root}/${id}`))) await systemClock.sleep(20);
    await start();
    const ended = await node.ended("ends");
    assert.equal(ended.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 5);
    await node.ready("comes");
    const now = await node.ready("stays");
    const [old, fresh] = [before, now].map((pod) => pod.status?.containerStatuses?.[0]);
    assert.equal(fresh?.containerID, old?.containerID);
    assert.equal(fresh?.restartCount, 0);
    assert.equal((await tunnelled("logs", "stays")).stdout, "up\n");
    await Promise.all(["stays", "comes", "ends"].map((name) => node.remove(name)));
  });

  test("the tunnel is dialled again: after the line was cut, and after somebody else took its place", async () => {
    await run("talks", "exec sleep 1000");
    await node.ready("talks");
    line.cut();
    assert.equal((await tunnelled("exec", "talks", "--", "echo", "again")).stdout, "again\n");
    const other = await dialTunnel({
      port: cluster.listener.port,
      node: "node",
      tls: nodeTls(),
      answer: (stream) => stream.close(8),
    });
    const heard = await tunnelled("exec", "talks", "--", "echo", "back");
    assert.equal(heard.stdout, "back\n", heard.stderr);
    other.close();
    line.cut();
    // Pods come and go as before: the watches are back, too.
    await node.remove("talks");
  });

  test("killed at any moment while pods come and go, it leaves nothing half done", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `storm-${index}`);
    const gone = names.slice(0, 2);
    await Promise.all(names.map((name) => run(name, "exec sleep 1000")));
    for (const afterMs of [40, 120]) {
      await systemClock.sleep(afterMs);
      await kill();
      await start();
    }
    for (const name of gone)
      await cluster.client.resource(pods, "default").delete(name, { gracePeriodSeconds: 1 });
    await systemClock.sleep(60);
    await kill();
    await start();
    for (const name of gone) await node.until(name, "gone", (pod) => pod === undefined);
    const rest = names.slice(2);
    const ready = await Promise.all(rest.map((name) => node.ready(name)));
    // One that was being started when the agent was killed may have run: it counts as a restart, once for each kill.
    for (const pod of ready) assert.ok((pod.status?.containerStatuses?.[0]?.restartCount ?? 0) <= 3);
    assert.equal(new Set(ready.map((pod) => pod.status?.podIP)).size, rest.length);
    await Promise.all(rest.map((name) => node.remove(name)));
    const { directory } = node.machine;
    for (const path of ["run/sandboxes", "agent/pods", "memory/pods"])
      assert.deepEqual(await node.host.files.list(`${directory}/${path}`), [], path);
    assert.deepEqual(
      JSON.parse((await node.host.files.read(`${directory}/network/leases.json`)) ?? "").leases,
      {},
    );
  });
});

/** A line to a port of this machine that can be cut. */
class Line {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async to(port: number): Promise<Line> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Line(server, port);
  }

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("connection", (near) => {
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.once("close", () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function waiting(pod: Pod | undefined): string | undefined {
  return pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
}

test("agent processes on a machine of their own", { skip: machine ? "runs outside" : skip }, async () => {
  console.log(await onOwnMachine(import.meta.url));
});

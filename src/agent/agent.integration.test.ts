import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http2 from "node:http2";
import { createServer, connect as netConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { configMaps, type Pod, type PodSpec, pods, secrets } from "#api";
import { channels, encodeFrame, FrameDecoder, silentLogger, systemClock, systemRandom } from "#base";
import { createHost } from "#host";
import { openPodNetwork, prepareNetwork, removeNetwork } from "#network";
import { type OpenedRuntime, openRuntime, removeRuntime } from "#runtime";
import { busyboxImage, lacksBusybox, ociArchive, type TestCluster, testCluster } from "#testing";
import { type Agent, startAgent } from "./agent.ts";

/** Set in the process that runs inside a network namespace of its own, from which no packet can leave. */
const inside = process.env.NACRE_TEST_MACHINE !== undefined;
const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";

describe("one node with real containers", { skip: inside ? skip : "runs inside" }, () => {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const id = `nacretest${process.pid}`;
  let directory: string;
  let cluster: TestCluster;
  let opened: OpenedRuntime;
  let agent: Agent;
  let session: http2.ClientHttp2Session;
  const close: (() => Promise<unknown>)[] = [];

  const runtimeOptions = () => ({
    host,
    stateDirectory: `${directory}/runtime`,
    runDirectory: `${directory}/run`,
    cgroupParent: id,
  });
  const networkConfig = () => ({
    bridge: "test0",
    table: "test",
    clusterPodRange: "10.244.0.0/16",
    nodePodRange: "10.244.0.0/24",
    serviceRange: "10.96.0.0/16",
    dnsAddress: "10.96.0.10",
    clusterDomain: "cluster.local",
    nodePortRanges: ["127.0.0.0/8"],
    stateDirectory: `${directory}/network`,
  });

  const startNode = async () => {
    opened = await openRuntime(runtimeOptions());
    agent = await startAgent({
      client: cluster.client,
      host,
      runtime: opened.runtime,
      images: opened.images,
      network: await openPodNetwork(host, networkConfig()),
      nodeName: "node",
      nodeAddresses: ["10.244.0.1"],
      podRange: "10.244.0.0/24",
      directories: { state: `${directory}/agent`, memory: `${directory}/memory`, logs: `${directory}/logs` },
      dns: { address: "10.96.0.10", domain: "cluster.local" },
      kubernetes: { address: "10.96.0.1", port: 443 },
      version: "v1.36.0",
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    await agent.started;
    session = await streamsOf(agent, close);
  };
  const stopNode = async () => {
    session.destroy();
    await agent.close();
    await opened.close();
  };
  const api = () => cluster.client.resource(pods, "default");
  const run = (name: string, container: object, spec: Partial<PodSpec> = {}) =>
    api().create({
      metadata: { name },
      spec: {
        nodeName: "node",
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        ...spec,
        containers: [{ name: "main", image: "busybox:test", imagePullPolicy: "IfNotPresent", ...container }],
      },
    });
  const until = async (name: string, what: string, holds: (pod: Pod | undefined) => boolean) => {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const pod = await api()
        .get(name)
        .catch(() => undefined);
      if (holds(pod)) return pod as Pod;
      if (Date.now() > deadline) throw new Error(`${name} never was ${what}: ${JSON.stringify(pod?.status)}`);
      await systemClock.sleep(5);
    }
  };
  const remove = async (name: string) => {
    await api().delete(name, { gracePeriodSeconds: 1 });
    await until(name, "gone", (pod) => pod === undefined);
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "nacre-test-node-"));
    cluster = await testCluster({ namespaces: ["default", "kube-system", "kube-node-lease"] });
    await host.run({ program: "ip", arguments: ["link", "set", "lo", "up"] });
    await prepareNetwork(host, networkConfig());
    await startNode();
    const archive = join(directory, "busybox.tar");
    await writeFile(archive, await ociArchive([{ image: await busyboxImage(), name: "busybox:test" }]));
    await opened.images.importArchive(archive);
  });

  after(async () => {
    await stopNode();
    for (const end of close) await end();
    await removeRuntime(runtimeOptions());
    await removeNetwork(host, networkConfig());
    await cluster.close();
    for (const mount of await host.mounts.under(directory)) await host.mounts.unmount(mount);
    await rm(directory, { recursive: true, force: true });
  });

  test("a pod runs, answers, is read and entered, and leaves nothing behind", async () => {
    const config = { metadata: { name: "settings" }, data: { colour: "green" } };
    await cluster.client.resource(configMaps, "default").create(config);
    await cluster.client
      .resource(secrets, "default")
      .create({ metadata: { name: "keys" }, data: { key: Buffer.from("hush").toString("base64") } });
    const began = Date.now();
    await run(
      "web",
      {
        command: [
          "sh",
          "-c",
          'echo "$COLOUR $(cat /secret/key) $WHO"; echo oops >&2; mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www',
        ],
        env: [
          { name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } },
          { name: "WHO", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ],
        volumeMounts: [
          { name: "keys", mountPath: "/secret" },
          { name: "settings", mountPath: "/settings" },
          { name: "scratch", mountPath: "/scratch" },
        ],
        readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
      },
      {
        volumes: [
          { name: "keys", secret: { secretName: "keys" } },
          { name: "settings", configMap: { name: "settings" } },
          { name: "scratch", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        ],
      },
    );
    const running = await until("web", "running", (pod) => pod?.status?.phase === "Running");
    console.log(`# created to Running in the API: ${Date.now() - began} ms`);
    assert.match(running.status?.podIP ?? "", /^10\.244\.0\.\d+$/);
    await until("web", "ready", isReady);
    assert.equal(await logs("web"), "green hush web\noops\n");
    assert.equal(await logs("web", "tailLines=1"), "oops\n");
    const entered = await exec("web", ["sh", "-c", "cat /settings/colour; cat; exit 3"], "input");
    assert.equal(entered.stdout, "greeninput");
    assert.equal(entered.status.details?.causes?.[0]?.message, "3");
    assert.match(await forwarded("web", 8080, "GET / HTTP/1.0\r\n\r\n"), /hello/);
    const resolver = await exec("web", ["cat", "/etc/resolv.conf", "/etc/hostname"]);
    assert.match(resolver.stdout, /nameserver 10\.96\.0\.10\n.*ndots:5\nweb\n/s);
    await cluster.client
      .resource(configMaps, "default")
      .patch("settings", { type: "merge", patch: { data: { colour: "blue" } } });
    const changed = await exec("web", [
      "sh",
      "-c",
      "while ! grep -q blue /settings/colour; do sleep 0.05; done; cat /settings/colour",
    ]);
    assert.equal(changed.stdout, "blue");
    const uid = running.metadata?.uid ?? "";
    await remove("web");
    assert.deepEqual(await opened.runtime.sandboxes(), []);
    assert.deepEqual(await host.files.list(`${directory}/agent/pods`), []);
    assert.deepEqual(await host.files.list(`${directory}/memory/pods`), []);
    while ((await host.files.list(`${directory}/logs`)).length > 0) await systemClock.sleep(5);
    assert.deepEqual(
      (await host.mounts.under(directory)).filter((mount) => mount.includes(uid)),
      [],
    );
  });

  test("a server on the pod's loopback can be forwarded to; a port nobody listens on cannot", async () => {
    await run("local", {
      command: [
        "sh",
        "-c",
        "mkdir /www; echo inside > /www/index.html; exec httpd -f -p 127.0.0.1:9090 -h /www",
      ],
    });
    await until("local", "running", (pod) => pod?.status?.phase === "Running");
    await exec("local", ["sh", "-c", "until grep -q :2382 /proc/net/tcp; do sleep 0.05; done"]);
    assert.match(await forwarded("local", 9090, "GET / HTTP/1.0\r\n\r\n"), /inside/);
    await assert.rejects(forwarded("local", 9091, ""), /failed to connect to port 9091/);
    await remove("local");
  });

  test("a killed process is restarted, and its last log can be read", async () => {
    await run("killed", { command: ["sh", "-c", "echo run; exec sleep 1000"] });
    const first = await until("killed", "ready", isReady);
    const pid = (await opened.runtime.containers()).find((one) => one.sandboxId === first.metadata?.uid)?.pid;
    host.signal(pid ?? 0, "SIGKILL");
    const second = await until(
      "killed",
      "restarted",
      (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod),
    );
    assert.equal(second.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137);
    assert.equal(await logs("killed", "previous=true"), "run\n");
    await remove("killed");
  });

  test("a new agent finds what runs and leaves it running; what is asked again answers again", async () => {
    await run("stays", { command: ["sh", "-c", "echo up; exec sleep 1000"] });
    const first = await until("stays", "ready", isReady);
    await stopNode();
    await startNode();
    assert.equal((await exec("stays", ["echo", "again"])).stdout, "again\n");
    const second = await until("stays", "ready", isReady);
    assert.equal(
      second.status?.containerStatuses?.[0]?.containerID,
      first.status?.containerStatuses?.[0]?.containerID,
    );
    assert.equal(second.status?.containerStatuses?.[0]?.restartCount, 0);
    await remove("stays");
  });

  test("a command that does not exist is a StartError", async () => {
    await run("bad", { command: ["/no/such/program"] });
    const pod = await until(
      "bad",
      "failed to start",
      (one) => one?.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === "StartError",
    );
    assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 128);
    await remove("bad");
  });

  test("thirty pods start and end together", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    const began = systemClock.monotonicMs();
    await Promise.all(names.map((name) => run(name, { command: ["sleep", "1000"] })));
    const started = await Promise.all(names.map((name) => until(name, "ready", isReady)));
    const created = systemClock.monotonicMs();
    assert.equal(new Set(started.map((pod) => pod.status?.podIP)).size, names.length);
    await Promise.all(names.map(remove));
    console.log(
      `# 30 pods: ready after ${Math.round(created - began)} ms, gone after ${Math.round(systemClock.monotonicMs() - created)} ms`,
    );
    assert.deepEqual(await opened.runtime.sandboxes(), []);
  });

  function isReady(pod: Pod | undefined): boolean {
    return pod?.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
  }

  async function logs(name: string, query = ""): Promise<string> {
    const stream = session.request({ ":path": `/containerLogs/default/${name}/main?${query}` });
    let text = "";
    for await (const chunk of stream) text += chunk;
    return text;
  }

  async function exec(name: string, command: string[], input = "") {
    const query = new URLSearchParams([
      ...command.map((word) => ["command", word]),
      ["stdin", "true"],
      ["stdout", "true"],
      ["stderr", "true"],
    ]);
    const stream = session.request({ ":method": "POST", ":path": `/exec/default/${name}/main?${query}` });
    if (input) stream.write(encodeFrame(channels.stdin, Buffer.from(input)));
    stream.write(encodeFrame(channels.close, Uint8Array.of(channels.stdin)));
    const decoder = new FrameDecoder(1 << 20);
    const said: Record<number, string> = {};
    for await (const chunk of stream) {
      for (const { channel, payload } of decoder.push(chunk))
        said[channel] = (said[channel] ?? "") + Buffer.from(payload).toString();
    }
    const status = JSON.parse(said[channels.error] ?? "{}") as {
      details?: { causes?: { message: string }[] };
    };
    return { stdout: said[channels.stdout] ?? "", stderr: said[channels.stderr] ?? "", status };
  }

  async function forwarded(name: string, port: number, sent: string): Promise<string> {
    const stream = session.request({
      ":method": "POST",
      ":path": `/portForward/default/${name}?port=${port}`,
    });
    let status = 0;
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.end(sent);
    let text = "";
    for await (const chunk of stream) text += chunk;
    if (status !== 200) throw new Error(JSON.parse(text).message);
    return text;
  }
});

/** The other end of the tunnel: an HTTP/2 client whose requests the agent answers. */
async function streamsOf(agent: Agent, close: (() => Promise<unknown>)[]): Promise<http2.ClientHttp2Session> {
  const server = createServer((socket) => agent.streams.serve(http2.performServerHandshake(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  close.push(async () => server.close());
  const socket = netConnect(port, "127.0.0.1");
  return http2.connect("http://node", { createConnection: () => socket });
}

test("the agent's tests on a machine of their own", { skip: inside ? "runs outside" : skip }, async () => {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const name = `nacre-test-agent-${process.pid}`;
  await host.run({ program: "ip", arguments: ["netns", "add", name] });
  try {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const child = spawn(
      "nsenter",
      [`--net=/run/netns/${name}`, process.execPath, "--test-reporter=spec", fileURLToPath(import.meta.url)],
      { env: { ...environment, NACRE_TEST_MACHINE: name }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(code, 0, output);
    console.log(output);
  } finally {
    await host.run({ program: "ip", arguments: ["netns", "delete", name], allowFailure: true });
  }
});

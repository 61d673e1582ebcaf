import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { fakeNodeKey, nodes, pods, serviceAccounts } from "#api";
import { channels, encodeFrame, FrameDecoder, must, systemClock, systemRandom } from "#base";
import {
  dialTunnel,
  type FakeAgent,
  hungUp,
  kubernetesTool,
  type ServedCluster,
  servedCluster,
} from "#testing";
import { nodeSubject, openPki } from "../pki/mod.ts";
import { createSecurity } from "../security.ts";
import { openSigningKey } from "../tokens/signing-key.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-streams-"));
const timing = { clock: systemClock, random: systemRandom };
let cluster: ServedCluster;
let agent: FakeAgent;

/** The conversations that are open on the fake agent, by path. */
const open = new Map<string, ServerHttp2Stream>();

before(async () => {
  cluster = await servedCluster({
    security: createSecurity({
      ...timing,
      signingKey: openSigningKey(directory),
      serviceRange: "10.96.0.0/16",
    }),
    namespaces: [],
    ...timing,
  });
  const admin = cluster.clientAs({ name: "root", groups: ["system:masters"] });
  await admin.raw("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  await admin.resource(serviceAccounts, "default").create({ metadata: { name: "default" } });
  await admin.resource(nodes).create({ metadata: { name: "n1" } });
  await admin.resource(nodes).create({ metadata: { name: "fake-0", labels: { [fakeNodeKey]: "true" } } });
  const containers = [{ name: "c", image: "i" }];
  const running = { metadata: { name: "web" }, spec: { nodeName: "n1", containers } };
  const two = {
    metadata: { name: "two" },
    spec: { nodeName: "n1", containers: [...containers, { name: "d", image: "i" }] },
  };
  const lost = { metadata: { name: "lost" }, spec: { nodeName: "n2", containers } };
  const fake = { metadata: { name: "fake" }, spec: { nodeName: "fake-0", containers } };
  for (const pod of [running, two, lost, fake]) {
    const created = await admin.resource(pods, "default").create(pod);
    const status = { phase: "Running", containerStatuses: [] };
    await admin.resource(pods, "default").updateStatus({ ...created, status });
  }
  await admin.resource(pods, "default").create({ metadata: { name: "waiting" }, spec: { containers } });
  agent = await dialTunnel(agentOptions("n1"));
});

after(async () => {
  agent.close();
  await cluster.close();
  rmSync(directory, { recursive: true });
});

function agentOptions(node: string, as = node) {
  const pki = openPki(join(dirname(cluster.kubeconfigPath), "pki"), timing);
  const credentials = pki.client(`node-${as}`, nodeSubject(as));
  return {
    port: cluster.listener.port,
    node,
    tls: { authority: pki.authority, ...credentials },
    answer: answerAsNode,
  };
}

/** A node with containers that do what these tests need. */
function answerAsNode(stream: ServerHttp2Stream, url: URL): void {
  open.set(url.pathname, stream);
  stream.once("close", () => open.delete(url.pathname));
  if (url.pathname.startsWith("/containerLogs/")) answerLogs(stream, url);
  else if (url.pathname.startsWith("/exec/")) answerExec(stream, url);
  else if (url.pathname.startsWith("/portForward/")) answerPort(stream, url);
  else if (url.pathname === "/stats/summary") {
    stream.respond({ ":status": 200 });
    stream.end('{"node":{"nodeName":"n1"}}');
  } else fail(stream, 404, "NotFound", "no such path");
}

function answerLogs(stream: ServerHttp2Stream, url: URL): void {
  if (url.searchParams.has("previous")) {
    fail(stream, 400, "BadRequest", 'previous terminated container "c" in pod "web" not found');
    return;
  }
  stream.respond({ ":status": 200 });
  stream.write(`first of ${url.pathname}${url.search}\n`);
  if (url.searchParams.has("follow")) return;
  stream.end("last\n");
}

function answerExec(stream: ServerHttp2Stream, url: URL): void {
  const [program = "", ...words] = url.searchParams.getAll("command");
  if (program === "missing") {
    fail(stream, 400, "BadRequest", 'exec: "missing": executable file not found in $PATH');
    return;
  }
  stream.respond({ ":status": 200 });
  const say = (channel: number, text: string | Uint8Array) =>
    stream.write(encodeFrame(channel, typeof text === "string" ? Buffer.from(text) : text));
  const exit = (code: number) => {
    const failure = {
      status: "Failure",
      reason: "NonZeroExitCode",
      message: `command terminated with non-zero exit code: exit status ${code}`,
      details: { causes: [{ reason: "ExitCode", message: String(code) }] },
    };
    say(channels.error, JSON.stringify({ metadata: {}, ...(code === 0 ? { status: "Success" } : failure) }));
    stream.end();
  };
  if (program === "break") {
    say(channels.stdout, "half");
    stream.end();
  } else if (program === "flood") {
    for (let left = Number(words[0]); left > 0; left -= 1) say(channels.stdout, Buffer.alloc(65_536, "x"));
    exit(0);
  } else if (program === "cat") {
    const decoder = new FrameDecoder(1 << 24);
    stream.on("data", (piece: Buffer) => {
      for (const { channel, payload } of decoder.push(piece)) {
        if (channel === channels.stdin) say(channels.stdout, payload);
        if (channel === channels.close) exit(0);
      }
    });
  } else {
    say(channels.stdout, `${[program, ...words].join(" ")}\n`);
    say(channels.stderr, "complaint\n");
    exit(Number(words.find((word) => /^\d+$/.test(word)) ?? 0));
  }
}

function answerPort(stream: ServerHttp2Stream, url: URL): void {
  if (url.searchParams.get("port") === "81") {
    fail(stream, 500, "InternalError", "dial tcp4 127.0.0.1:81: connect: connection refused");
    return;
  }
  stream.respond({ ":status": 200 });
  stream.on("data", (piece: Buffer) => stream.write(piece.toString("latin1").toUpperCase()));
  stream.on("end", () => stream.end("."));
}

function fail(stream: ServerHttp2Stream, code: number, reason: string, message: string): void {
  stream.respond({ ":status": code, "content-type": "application/json" });
  stream.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code }));
}

async function running(args: readonly string[]): Promise<ChildProcess> {
  const env = { PATH: process.env.PATH ?? "", HOME: directory, KUBECONFIG: cluster.kubeconfigPath };
  return spawn(await kubernetesTool("kubectl"), args, { env, stdio: ["pipe", "pipe", "pipe"] });
}

describe("logs", () => {
  test("come from the node that runs the pod, with the options that were asked for", async () => {
    const { stdout, stderr } = await cluster.kubectl(["logs", "web", "--tail=5", "--timestamps"]);
    assert.equal(stdout, "first of /containerLogs/default/web/c?timestamps=true&tailLines=5\nlast\n", stderr);
  });

  test("are followed until the client goes away, and then the node hears of it", async () => {
    const child = await running(["logs", "-f", "web"]);
    const [first] = (await once(must(child.stdout, "stdout"), "data")) as [Buffer];
    assert.match(first.toString(), /^first of/);
    const stream = must(open.get("/containerLogs/default/web/c"), "the node is asked");
    child.kill("SIGKILL");
    await once(stream, "close");
  });

  test("say why there are none", async () => {
    const previous = await cluster.kubectl(["logs", "-p", "web"]);
    assert.match(previous.stderr, /previous terminated container "c" in pod "web" not found/);
    const many = await cluster.kubectl(["get", "--raw", "/api/v1/namespaces/default/pods/two/log"]);
    assert.match(many.stderr, /a container name must be specified for pod two, choose one of: \[c d\]/);
    const none = await cluster.kubectl(["get", "--raw", "/api/v1/namespaces/default/pods/none/log"]);
    assert.match(none.stderr, /pods "none" not found/);
    const wrong = await cluster.kubectl(["logs", "web", "-c", "x"]);
    assert.match(wrong.stderr, /container x is not valid for pod web/);
    const waiting = await cluster.kubectl(["logs", "waiting"]);
    assert.match(waiting.stderr, /pod waiting does not have a host assigned/);
  });

  test("of a node without a tunnel say so, and what to look at", async () => {
    const { stderr } = await cluster.kubectl(["logs", "lost"]);
    assert.match(
      stderr,
      /the agent of node n2 has no tunnel open; is it running\? See "kubectl describe node n2"/,
    );
  });

  test("of a fake node say at once that nothing runs there, as do commands, ports and statistics", async () => {
    const typed = [
      ["logs", "fake"],
      ["exec", "fake", "--", "ls"],
      ["port-forward", "fake", "0:80"],
      ["get", "--raw", "/api/v1/nodes/fake-0/proxy/stats/summary"],
    ];
    for (const line of typed) {
      const { stderr } = await cluster.kubectl(line);
      assert.match(stderr, /node fake-0 is a fake node, on which nothing really runs/, line.join(" "));
    }
  });
});

describe("exec", () => {
  test("runs a command and brings back both outputs and the exit code", async () => {
    const good = await cluster.kubectl(["exec", "web", "--", "echo", "a b", "c"]);
    assert.deepEqual(good, { stdout: "echo a b c\n", stderr: "complaint\n", code: 0 });
    const bad = await cluster.kubectl(["exec", "web", "--", "exit", "7"]);
    assert.equal(bad.code, 7);
    assert.match(bad.stderr, /command terminated with exit code 7/);
  });

  test("carries stdin to its end, byte for byte", async () => {
    const sent = "0123456789abcdef".repeat(40_000);
    const { stdout, stderr } = await cluster.kubectl(["exec", "-i", "web", "--", "cat"], { stdin: sent });
    assert.equal(stderr, "");
    assert.equal(stdout.length, sent.length);
    assert.ok(stdout === sent);
  });

  test("brings back more output than fits in any buffer", async () => {
    const { stdout } = await cluster.kubectl(["exec", "web", "--", "flood", "300"]);
    assert.equal(stdout.length, 300 * 65_536);
  });

  test("shows the node's refusal, and a conversation that breaks off", async () => {
    const missing = await cluster.kubectl(["exec", "web", "--", "missing"]);
    assert.match(missing.stderr, /executable file not found/);
    const broken = await cluster.kubectl(["exec", "web", "--", "break"]);
    assert.match(broken.stderr, /the conversation with node n1 broke off/);
    assert.notEqual(broken.code, 0);
  });

  test("ends on the node when the client goes away", async () => {
    const child = await running(["exec", "-i", "web", "--", "cat"]);
    child.stdin?.write("hello\n");
    await once(must(child.stdout, "stdout"), "data");
    const stream = must(open.get("/exec/default/web/c"), "the node runs it");
    child.kill("SIGKILL");
    await once(stream, "close");
  });
});

describe("port-forward", () => {
  test("carries connections both ways, each to its own end", async () => {
    const child = await running(["port-forward", "pod/web", ":80", "--address=127.0.0.1"]);
    const port = await forwardedPort(child);
    const talk = async (text: string) => {
      const socket = connect(port, "127.0.0.1");
      socket.end(text);
      return (await buffer(socket)).toString();
    };
    const large = "y".repeat(500_000);
    const answers = await Promise.all([talk("hello"), talk("world"), talk(large)]);
    assert.deepEqual(answers.slice(0, 2), ["HELLO.", "WORLD."]);
    assert.ok(answers[2] === `${large.toUpperCase()}.`, `${answers[2]?.length} bytes`);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });

  test("says why a connection failed, upon which kubectl ends by itself", async () => {
    const child = await running(["port-forward", "pod/web", ":81", "--address=127.0.0.1"]);
    const ended = once(child, "close");
    let complaints = "";
    child.stderr?.on("data", (piece: Buffer) => {
      complaints += piece.toString();
    });
    const socket = connect(await forwardedPort(child), "127.0.0.1");
    socket.on("error", () => {});
    assert.deepEqual(await ended, [1, null]);
    assert.match(
      complaints,
      /an error occurred forwarding to port 81: dial tcp4 127\.0\.0\.1:81: connect: connection refused/,
    );
    assert.match(complaints, /lost connection to pod/);
  });
});

describe("cp", () => {
  test("is refused like exec where exec is", async () => {
    writeFileSync(join(directory, "file"), "x");
    const { code } = await cluster.kubectl(["cp", join(directory, "file"), "none:/tmp/file"]);
    assert.notEqual(code, 0);
    assert.equal(readFileSync(join(directory, "file"), "utf8"), "x");
  });
});

describe("the tunnel", () => {
  test("is opened by the node itself and nobody else", async () => {
    await assert.rejects(dialTunnel(agentOptions("n1", "n2")), /403.*forbidden/);
    const admin = { ...agentOptions("n1"), tls: cluster.tls };
    await assert.rejects(
      dialTunnel(admin),
      /only the node itself may open its tunnel, not \\"kubernetes-admin\\"/,
    );
  });

  test("carries the agent's own answers", async () => {
    const { stdout } = await cluster.kubectl(["get", "--raw", "/api/v1/nodes/n1/proxy/stats/summary"]);
    assert.equal(stdout, '{"node":{"nodeName":"n1"}}');
    const other = await cluster.kubectl(["get", "--raw", "/api/v1/nodes/n1/proxy/secrets"]);
    assert.match(other.stderr, /does not answer GET \/secrets|not find/);
  });

  test("is replaced by a newer one of the same node", async () => {
    const newer = await dialTunnel(agentOptions("n1"));
    await hungUp(agent);
    assert.match((await cluster.kubectl(["logs", "web"])).stdout, /first of/);
    agent = newer;
  });

  test("may open a moment after it is asked for: an agent that dials again", async () => {
    const asked = cluster.kubectl(["logs", "lost"]);
    const late = await dialTunnel(agentOptions("n2"));
    assert.match((await asked).stdout, /first of \/containerLogs\/default\/lost\/c/);
    late.close();
  });
});

describe("permissions", () => {
  test("reading logs does not entitle to run commands", async () => {
    const as = ["--as=ada", "--as-group=system:authenticated"];
    const rules = ["--verb=get", "--resource=pods,pods/log,pods/exec"];
    await cluster.kubectl(["create", "clusterrole", "reader", ...rules]);
    await cluster.kubectl(["create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=ada"]);
    assert.match((await cluster.kubectl(["logs", "web", ...as])).stdout, /first of/);
    const refused = await cluster.kubectl(["exec", "web", ...as, "--", "echo", "x"]);
    assert.match(
      refused.stderr,
      /User "ada" cannot create resource "pods\/exec" in API group "" in the namespace "default"/,
    );
  });
});

/** The local port that kubectl chose. Its output is read on: a closed pipe would end it. */
function forwardedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (piece: Buffer) => {
      said += piece.toString();
      const found = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("exit", () => reject(new Error(`kubectl ended: ${said}`)));
  });
}

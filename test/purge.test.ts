import assert from "node:assert/strict";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse, stringify } from "yaml";
import { eventually } from "./eventually.ts";
import { helloManifest, importHello } from "./images.ts";
import { createMachine } from "./machine.ts";
import type { Result } from "./processes.ts";
import { tracesAtRest, tracesOn } from "./traces.ts";
import { typing } from "./typing.ts";

/** `up` and `down`: what they make, what they keep, what they leave, and what they say when they cannot. */
const machine = await createMachine();
after(() => machine.remove());

const { run, get } = typing(machine);
const bare = await tracesOn(machine);

test("not as root: one clear error, nothing made", async () => {
  const result = await asNobody("up", "--name", machine.clusterName);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /^error: nacre up needs root.*sudo\n$/);
  const status = await asNobody("status");
  assert.match(status.stderr, /^error: cannot read .*run the command again with sudo\n$/);
  assert.deepEqual(await tracesAtRest(machine), bare);
});

test("with the port in use: one clear error, nothing made", async () => {
  const listener = machine.start(process.execPath, [
    "-e",
    "require('net').createServer().listen(6443, '127.0.0.1', () => console.log('listens'))",
  ]);
  await listener.printed(/listens/);
  const result = await nacre("up", "--name", machine.clusterName);
  await listener.stop();
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /^error: cannot serve the API on port 6443: another program listens there .*choose another port/,
  );
  assert.deepEqual(await tracesAtRest(machine), bare);
});

test("typed wrongly: exit code 2, what was meant, nothing made", async () => {
  assert.match(
    (await fails(2, "stauts")).stderr,
    /there is no command "stauts"; did you mean "nacre status"\?/,
  );
  assert.match((await fails(2, "up", "--colour")).stderr, /colour/);
  assert.match((await fails(1, "up", "--name", "Bad Name")).stderr, /cannot name a cluster "Bad Name"/);
  assert.match((await fails(1, "up", "--port", "99999")).stderr, /cannot listen on port 99999/);
  assert.match((await fails(1, "status")).stderr, /nacre up/);
  assert.match((await fails(1, "down")).stderr, /nacre up|no cluster/);
  assert.deepEqual(await tracesAtRest(machine), bare);
});

test("in a folder that holds something else: one clear error, and it stays as it was", async () => {
  await mkdir(machine.data);
  await writeFile(join(machine.data, "thesis.tex"), "precious");
  assert.match(
    (await fails(1, "up")).stderr,
    /^error: cannot make a cluster in .*: there is no cluster in it, but thesis\.tex; choose another folder/,
  );
  assert.equal(await readFile(join(machine.data, "thesis.tex"), "utf8"), "precious");
  await rm(machine.data, { recursive: true });
  assert.deepEqual(await tracesAtRest(machine), bare);
});

test("a dry run says what would be done and does nothing", async () => {
  const { stdout } = await machine.up("--dry-run");
  assert.match(
    stdout,
    /^Would:\n {2}make the device .*\n {2}serve the API on 127\.0\.0\.1:6443\n {2}start control-plane/,
  );
  assert.deepEqual(await tracesAtRest(machine), bare);
});

test("up adds its context to a kubeconfig beside those that are there", async () => {
  await writeFile(machine.kubeconfig, stringify(foreign), { mode: 0o600 });
  await machine.up();
  const config = parse(await readFile(machine.kubeconfig, "utf8"));
  assert.deepEqual(config.contexts[0], foreign.contexts[0]);
  assert.deepEqual(config.clusters[0], foreign.clusters[0]);
  assert.deepEqual(config.users[0], foreign.users[0]);
  assert.equal(config.contexts.length, 2);
  assert.equal(config["current-context"], "elsewhere", "kubectl still means what it meant");
  assert.equal((await stat(machine.kubeconfig)).mode & 0o777, 0o600);
  await machine.kubectl("config", "use-context", machine.clusterName);
  assert.match(await run("get nodes"), /Ready/);
});

test("up again changes nothing and says so", async () => {
  const before = await tracesOn(machine);
  const { stdout, stderr } = await machine.up("-o", "json");
  assert.equal(JSON.parse(stdout).changed, false);
  assert.match(stderr, /is up already; nothing was changed/);
  assert.deepEqual(await tracesOn(machine), before);
});

test("what lies on disk is for root alone", async () => {
  const { stdout } = await machine.run("find", [
    ...["pki", "kubeconfig", "store", "cluster.json", "agent/checkpoint", "network", "dns"].map((one) =>
      join(machine.data, one),
    ),
    ...["-type", "f", "-perm", "/077"],
  ]);
  assert.equal(stdout, "");
  assert.equal((await stat(machine.data)).mode & 0o777, 0o700);
});

test("down ends everything and keeps the data; up brings the same objects and pods back", async () => {
  await importHello(machine);
  await run("apply -f -", helloManifest);
  await run("rollout status deployment/hello --timeout=60s");
  const pods = (await get("pods -l app=hello")).items.map(uidOf).sort();
  const { stderr } = await machine.nacre("down");
  assert.match(stderr, /data stays in .*Bring it back with: .*nacre up/s);
  const { files, ...traces } = await tracesAtRest(machine);
  const { files: _none, ...expected } = bare;
  assert.deepEqual(traces, expected, "nothing runs, nothing is mounted, the network is as it was");
  assert.deepEqual(files, [machine.data, machine.kubeconfig]);

  await machine.up();
  await run("wait deployment/hello --for=condition=Available --timeout=60s");
  await run("wait pod -l app=hello --for=condition=Ready --timeout=60s");
  await eventually("hello answers", async () => (await curl()).code === 0);
  assert.deepEqual((await get("pods -l app=hello")).items.map(uidOf).sort(), pods);
});

test("a cluster of a newer Nacre is not touched", async () => {
  await machine.nacre("down");
  const path = join(machine.data, "cluster.json");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace('"formatVersion": 1', '"formatVersion": 2'));
  assert.match((await fails(1, "up")).stderr, /^error: .*newer Nacre \(format 2\)/);
  await writeFile(path, "{ half");
  assert.match(
    (await fails(1, "up")).stderr,
    /^error: cannot read .*cluster\.json: it is not JSON; put back the copy .*: cp \S+ \S+/,
  );
  await writeFile(path, text);
  assert.deepEqual((await tracesAtRest(machine)).processes, []);
});

test("a damaged store: one clear error, nothing half-made, and the store as it was once it is repaired", async () => {
  const path = join(machine.data, "store/store.db");
  const content = await readFile(path);
  await writeFile(path, Buffer.alloc(content.length, "damaged "));
  const { stderr } = await fails(1, "up");
  assert.match(
    stderr,
    /error: the cluster did not become ready: control-plane: .*(damaged|malformed|not a database|cannot open)/,
  );
  assert.equal(
    stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("error:")).length,
    1,
  );
  const { files: _files, ...traces } = await tracesAtRest(machine);
  const { files: _none, ...expected } = bare;
  assert.deepEqual(traces, expected, "nothing is left running");
  await writeFile(path, content);
  await machine.up();
  await run("rollout status deployment/hello --timeout=60s");
});

test("a cluster whose keys are gone does not start with new ones", async () => {
  const [pki, away] = [join(machine.data, "pki"), join(machine.data, "pki-elsewhere")];
  await machine.nacre("down");
  await rename(pki, away);
  assert.match((await fails(1, "up")).stderr, /keys of its Secrets are gone with .*pki; restore that folder/);
  await rename(away, pki);
  await machine.up();
  await run("rollout status deployment/hello --timeout=60s");
});

test("purge asks first, and leaves the machine as it was", async () => {
  await run("wait pod -l app=hello --for=condition=Ready --timeout=60s");
  const asked = await fails(1, "down", "--purge");
  assert.match(asked.stderr, /Nothing was changed/);
  assert.match(await run("get nodes"), /Ready/);
  const { stderr } = await machine.nacre("down", "--purge", "--yes");
  assert.match(stderr, /Nothing of the cluster is left/);
  const traces = await tracesAtRest(machine);
  assert.deepEqual(traces, { ...bare, files: [machine.kubeconfig] });
  const config = parse(await readFile(machine.kubeconfig, "utf8"));
  assert.deepEqual(
    [config.clusters, config.contexts, config.users],
    [foreign.clusters, foreign.contexts, foreign.users],
  );
  assert.match((await machine.nacre("down", "--purge", "--yes")).stderr, /nothing to purge/);
});

/** What someone had in their kubeconfig before. */
const foreign = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "elsewhere",
  clusters: [{ name: "elsewhere", cluster: { server: "https://elsewhere.example:6443" } }],
  users: [{ name: "me", user: { token: "abc" } }],
  contexts: [{ name: "elsewhere", context: { cluster: "elsewhere", user: "me" } }],
};

function uidOf({ metadata }: { metadata: { uid: string } }): string {
  return metadata.uid;
}

function curl(): Promise<Result> {
  return machine.run("curl", ["-sS", "--fail", "http://127.0.0.1:30080/"], { mayFail: true });
}

const program = join(import.meta.dirname, "../bin/nacre");

function nacre(...args: string[]): Promise<Result> {
  return machine.run("sh", [program, ...args], { mayFail: true, timeoutMs: 120_000 });
}

async function fails(code: number, ...args: string[]): Promise<Result> {
  const result = await nacre(...args);
  assert.equal(result.code, code, `nacre ${args.join(" ")}: ${result.stderr}${result.stdout}`);
  return result;
}

function asNobody(...args: string[]): Promise<Result> {
  const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
  return machine.run("setpriv", [...nobody, "sh", program, ...args], { mayFail: true });
}

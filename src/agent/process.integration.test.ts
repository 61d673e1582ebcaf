import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Pod, pods, secrets } from "#api";
import { createSecurity } from "#apiserver";
import { kubeconfigFor, kubeconfigText, nodeSubject, openPki } from "#apiserver/pki";
import { must, systemClock, systemRandom } from "#base";
import { type Client, createClient } from "#client";
import { busyboxImage, lacksBusybox, type ServedCluster, servedCluster, TestRegistry } from "#testing";
import { onOwnMachine, ownMachine } from "./testing/own-machine.ts";
import { RealNode } from "./testing/real-node.ts";

const machine = ownMachine();
const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";

/** Certificates, roles, the node authorizer and the tunnel as users have them; the agent is a process that dies. */
describe("an agent process with a secured API server", { skip: machine ? skip : "runs inside" }, () => {
  let cluster: ServedCluster;
  let registry: TestRegistry;
  let node: RealNode;
  let admin: Client;
  let agent: ChildProcess | undefined;
  let kubeconfig = "";
  let image = "";
  const timing = { clock: systemClock, random: systemRandom };

  const start = async () => {
    const program = fileURLToPath(new URL("./testing/agent-process.ts", import.meta.url));
    const words = [program, kubeconfig, "node", JSON.stringify(machine)];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    agent = child;
    await once(must(child.stdout, "it is a pipe"), "data");
  };
  const kill = async () => {
    const child = must(agent, "it runs");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const run = (name: string, container: object, spec: object = {}) =>
    node.run(name, { image, ...container }, spec);

  before(async () => {
    const { directory } = must(machine, "runs on a machine of its own");
    cluster = await servedCluster({
      security: createSecurity({ ...timing, pkiDirectory: join(directory, "pki"), serviceRange: "10.96.0.0/16" }),
      namespaces: [],
      ...timing,
    });
    admin = cluster.clientAs({ name: "root", groups: ["system:masters"] });
  });
});

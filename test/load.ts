import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoadReport } from "./load-generator.ts";
import type { TestMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Requests that are being sent. */
export interface Load {
  /** Ends it; what became of every request. */
  finish(): Promise<LoadReport>;
}

export interface LoadOptions {
  readonly perSecond: number;
  /** Kept to each address, half of the requests in turn: many are idle for long. 8 unless said otherwise. */
  readonly connections?: number;
  readonly urls: readonly string[];
}

const generator = join(import.meta.dirname, "load-generator.ts");

/** Sends requests from the machine itself. Resolves with the first answer. */
export async function loadFromHost(machine: TestMachine, options: LoadOptions): Promise<Load> {
  const running = machine.start(process.execPath, [generator, ...wordsOf(options)]);
  await running.printed(/under way/);
  return {
    async finish() {
      const { stdout } = await running.stop("SIGTERM");
      return reportIn(stdout);
    },
  };
}

/** Sends requests from a pod of its own, which has Node from the image of hello. Resolves with the first answer. */
export async function loadFromPod(machine: TestMachine, name: string, options: LoadOptions): Promise<Load> {
  const { run } = typing(machine);
  const object = (kind: string, body: object) =>
    JSON.stringify({ apiVersion: "v1", kind, metadata: { name }, ...body });
  const program = await readFile(generator, "utf8");
  await run("apply -f -", object("ConfigMap", { data: { "load-generator.ts": program } }));
  const container = {
    name,
    image: "hello:v1",
    command: ["node", "/load/load-generator.ts", ...wordsOf(options)],
    // Looking up a name takes one of four threads otherwise, and one that waits for an answer holds up the next ones.
    env: [{ name: "UV_THREADPOOL_SIZE", value: "64" }],
    volumeMounts: [{ name: "program", mountPath: "/load" }],
  };
  const volumes = [{ name: "program", configMap: { name } }];
  await run(
    "apply -f -",
    object("Pod", { spec: { restartPolicy: "Never", containers: [container], volumes } }),
  );
  await run(`wait pod/${name} --for=condition=Ready --timeout=30s`);
  const following = await machine.startKubectl("logs", "-f", name);
  await following.printed(/under way/);
  await following.stop();
  return {
    async finish() {
      await run(`exec ${name} -- node -e 'process.kill(1)'`);
      await run(`wait pod/${name} --for=jsonpath={.status.phase}=Succeeded --timeout=30s`);
      const printed = await run(`logs ${name}`);
      await run(`delete pod/${name} configmap/${name} --wait=false`);
      return reportIn(printed);
    },
  };
}

/** Every request was answered, and there were enough of them to mean something. */
export function assertUnbroken(report: LoadReport, atLeast: number): void {
  assert.deepEqual(
    report.failures.slice(0, 10),
    [],
    `${report.failures.length} of ${report.sent} requests failed`,
  );
  assert.equal(report.answered, report.sent);
  assert.ok(report.sent >= atLeast, `only ${report.sent} requests were sent`);
}

function wordsOf({ perSecond, connections = 8, urls }: LoadOptions): string[] {
  return [String(perSecond), String(connections), ...urls];
}

function reportIn(printed: string): LoadReport {
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "") as LoadReport;
}

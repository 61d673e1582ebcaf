import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { installChassis } from "#scaffold";
import type { Context } from "../context.ts";
import { median } from "../row.ts";
import { ServerProcess } from "./server-process.ts";

const run = promisify(execFile);
const peers = join(import.meta.dirname, "peers");

/** The program of each, by name. */
export type Servers = Readonly<Record<ServerName, string>>;

export type ServerName = "chassis" | "Fastify" | "node:http";

export interface RouteFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerRequest: number;
  readonly memoryMb: number;
}

const rounds = 3;
const seconds = 4;
const firstPort = 28_090;

/** What is measured, as users have it: the packed chassis in a folder of its own, and beside it what the peers' lock file says. */
export async function installServers(context: Context): Promise<Servers> {
  const directory = await mkdtemp(join(tmpdir(), "nacre-bench-chassis-"));
  context.onEnd(() => rm(directory, { recursive: true }));
  const host = createHost({ clock: systemClock, logger: silentLogger });
  await installChassis({ host, root: join(import.meta.dirname, "../.."), directory });
  await writeFile(join(directory, "package.json"), '{"type":"module"}');
  await copyFile(join(import.meta.dirname, "ours.ts"), join(directory, "ours.ts"));
  await run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: peers });
  return {
    chassis: join(directory, "ours.ts"),
    Fastify: join(peers, "fastify.mjs"),
    "node:http": join(peers, "bare.mjs"),
  };
}

/** Each server in turn, round by round: the medians. */
export async function measureRoutes(
  servers: Servers,
  say: (line: string) => void,
): Promise<Readonly<Record<ServerName, RouteFigures>>> {
  const collector = createServer((request, response) => {
    request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}"));
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  const { port } = collector.address() as { port: number };
  const figures = new Map<ServerName, RouteFigures[]>();
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const [index, name] of (Object.keys(servers) as ServerName[]).entries()) {
        const measured = await measure(servers[name], firstPort + index, `http://127.0.0.1:${port}`);
        figures.set(name, [...(figures.get(name) ?? []), measured]);
        say(`${name}: ${Math.round(measured.perSecond)} requests/s`);
      }
  } finally {
    collector.close();
    collector.closeAllConnections();
  }
  return Object.fromEntries([...figures].map(([name, all]) => [name, medians(all)])) as Record<
    ServerName,
    RouteFigures
  >;
}

async function measure(file: string, port: number, collector: string): Promise<RouteFigures> {
  const server = new ServerProcess(file, port, { args: [collector] });
  try {
    await server.listening();
    await load(port, 1);
    const before = server.cpuMs();
    const { perSecond, requests, p50Ms, p99Ms, failed } = await load(port, seconds);
    if (failed > 0) throw new Error(`${failed} requests to ${file} failed`);
    const cpuMicrosPerRequest = ((server.cpuMs() - before) * 1000) / requests;
    return { perSecond, p50Ms, p99Ms, cpuMicrosPerRequest, memoryMb: server.memoryMb() };
  } finally {
    await server.end();
  }
}

interface Load {
  readonly perSecond: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

async function load(port: number, forSeconds: number): Promise<Load> {
  const { stdout } = await run(process.execPath, [join(peers, "load.mjs"), String(port), String(forSeconds)]);
  return JSON.parse(stdout) as Load;
}

function medians(all: readonly RouteFigures[]): RouteFigures {
  const of = (field: keyof RouteFigures) => median(all.map((each) => each[field]));
  return {
    perSecond: of("perSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    cpuMicrosPerRequest: of("cpuMicrosPerRequest"),
    memoryMb: of("memoryMb"),
  };
}

export type StartName = "chassis" | "chassis, compile cache" | "node:http";

/**
 * From the start of the process to the first connection that is taken, in milliseconds, each in turn: with nothing
 * cached, and as the `npm start` of a new service has it.
 */
export async function measureStarts(
  context: Context,
  servers: Servers,
): Promise<Readonly<Record<StartName, number>>> {
  const cache = await mkdtemp(join(tmpdir(), "nacre-bench-cache-"));
  context.onEnd(() => rm(cache, { recursive: true }));
  const starts: Readonly<Record<StartName, { file: string; environment: NodeJS.ProcessEnv }>> = {
    chassis: { file: servers.chassis, environment: {} },
    "chassis, compile cache": { file: servers.chassis, environment: { NODE_COMPILE_CACHE: cache } },
    "node:http": { file: servers["node:http"], environment: {} },
  };
  const first = new ServerProcess(servers.chassis, firstPort + 9, {
    environment: { NODE_COMPILE_CACHE: cache },
  });
  await first.listening().finally(() => first.stop());
  const taken: Record<StartName, number[]> = { chassis: [], "chassis, compile cache": [], "node:http": [] };
  const names = Object.keys(taken) as StartName[];
  for (let round = 0; round < 9; round += 1)
    for (const name of names) {
      const { file, environment } = starts[name];
      const server = new ServerProcess(file, firstPort + 10 + round, { environment });
      try {
        taken[name].push(await server.listening());
      } finally {
        await server.end();
      }
    }
  return Object.fromEntries(names.map((name) => [name, median(taken[name])])) as Record<StartName, number>;
}

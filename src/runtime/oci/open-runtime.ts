import { assert, type Clock, type Logger, silentLogger } from "#base";
import type { Host } from "#host";
import { type LocalImageStore, openImageStore } from "../images/image-store.ts";
import type { Fetch } from "../images/registry-client.ts";
import type { ContainerRuntime } from "../runtime.ts";
import { capabilitiesOfMask } from "./config/capabilities.ts";
import type { RuntimeContext } from "./context.ts";
import { chooseEngine, engine, programPath } from "./engine.ts";
import { FifoStock } from "./fifo-stock.ts";
import { prepareUnifiedGroups } from "./groups.ts";
import { ociRuntime } from "./oci-runtime.ts";
import { exits, fifoDirectory, type RuntimePaths, runtimeRoot } from "./paths.ts";
import { Records } from "./records.ts";

export interface RuntimeOptions {
  readonly host: Host;
  /** Survives reboots: images, records, writable layers. Not on an overlay file system. */
  readonly stateDirectory: string;
  /** Best on a tmpfs, such as below /run: namespaces, mounts, sockets. */
  readonly runDirectory: string;
  /** Control group of all pods: `kubepods`. */
  readonly cgroupParent: string;
  /** Program name or path of the OCI runtime. Default: `crun` on pure cgroup version 2, else `runc`. */
  readonly engine?: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly fetch?: Fetch;
}

export interface OpenedRuntime {
  readonly runtime: ContainerRuntime;
  readonly images: LocalImageStore;
  /** Stops listening. Containers go on; the next `openRuntime` on the same directories finds them. */
  close(): Promise<void>;
}

/** Opens the containers and images below two directories. One process at a time runs containers; images may be shared. */
export async function openRuntime(options: RuntimeOptions): Promise<OpenedRuntime> {
  const { host } = options;
  const clock = options.clock ?? host.clock;
  const paths = runtimePaths(options);
  const images = await openImageStore({
    host,
    clock,
    stateDirectory: options.stateDirectory,
    ...(options.fetch ? { fetch: options.fetch } : {}),
  });
  await prepareDirectories(host, paths);
  const status = (await host.files.read("/proc/self/status")) ?? "";
  const { kind } = await host.cgroups.layout();
  const cgroupParent = `/${options.cgroupParent.replace(/^\/+|\/+$/g, "")}`;
  const context: RuntimeContext = {
    host,
    clock,
    logger: options.logger ?? silentLogger,
    paths,
    records: new Records(host, paths),
    images,
    engine: engine(
      host,
      options.engine ? await programPath(host, options.engine) : await chooseEngine(host),
      runtimeRoot(paths),
    ),
    fifos: await FifoStock.open(host.files, fifoDirectory(paths)),
    conmon: await programPath(host, "conmon"),
    cgroupParent,
    conmonCgroup: kind === "v2" ? await prepareUnifiedGroups(host, cgroupParent) : undefined,
    layout: kind,
    bootId: ((await host.files.read("/proc/sys/kernel/random/boot_id")) ?? "").trim(),
    availableCapabilities: capabilitiesOfMask(/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"),
    leastOomScoreAdjustment: await leastOomScoreAdjustment(host, status),
    architecture: process.arch,
  };
  const { runtime, close } = await ociRuntime(context);
  await images.collect();
  return { runtime, images, close: async () => close() };
}

/** Ends everything that `openRuntime` with these options ever started, and removes both directories: a purge. */
export async function removeRuntime(options: RuntimeOptions): Promise<void> {
  const { host } = options;
  if ((await host.files.exists(options.stateDirectory)) || (await host.files.exists(options.runDirectory))) {
    const { runtime, close } = await openRuntime(options);
    for (const sandbox of await runtime.sandboxes()) await runtime.removeSandbox(sandbox.id);
    for (const container of await runtime.containers()) await runtime.removeContainer(container.id);
    await close();
  }
  await host.mounts.unmountAll(options.runDirectory);
  await host.files.remove(options.runDirectory);
  await host.files.remove(options.stateDirectory);
  await host.cgroups.remove(`/${options.cgroupParent.replace(/^\/+/, "")}`);
}

function runtimePaths(options: RuntimeOptions): RuntimePaths {
  for (const path of [options.stateDirectory, options.runDirectory]) {
    assert(
      /^\/[^\s:,\\]+$/.test(path),
      `${path} must be absolute, without spaces, commas, colons and backslashes`,
    );
  }
  return { state: options.stateDirectory, run: options.runDirectory };
}

/** The run directory becomes a private mount, so that namespaces and root file systems in it do not spread into others. */
async function prepareDirectories(host: Host, paths: RuntimePaths): Promise<void> {
  for (const name of ["sandboxes", "containers"])
    await host.files.makeDirectory(`${paths.state}/${name}`, { mode: 0o711 });
  await host.files.makeDirectory(paths.run, { mode: 0o711 });
  if (!(await host.mounts.under(paths.run)).includes(paths.run)) {
    await host.mounts.mount({ type: "bind", source: paths.run, target: paths.run, options: ["private"] });
  }
  for (const path of [
    exits(paths),
    runtimeRoot(paths),
    `${paths.run}/sandboxes`,
    `${paths.run}/containers`,
  ]) {
    await host.files.makeDirectory(path, { mode: 0o711 });
  }
}

/** Without CAP_SYS_RESOURCE (bit 24) no process may be protected more than its starter is. */
async function leastOomScoreAdjustment(host: Host, status: string): Promise<number> {
  const effective = capabilitiesOfMask(/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0");
  if (effective.has("CAP_SYS_RESOURCE")) return -1000;
  return Number((await host.files.read("/proc/self/oom_score_adj")) ?? 0);
}

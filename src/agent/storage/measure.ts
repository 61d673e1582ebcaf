import type { Pod } from "#api";
import type { Host } from "#host";
import type { ContainerRuntime } from "#runtime";
import { type Layout, podNameOf } from "../layout.ts";
import { limits } from "../limits.ts";
import type { Observation } from "../pods/observation.ts";
import { diskVolumes, type StorageUsage } from "./storage-limits.ts";

export interface MeasureOptions {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly layout: Layout;
}

/** What a pod takes of the disk now. Throws when that cannot be found out in time. */
export async function measureStorage(
  { host, runtime, layout }: MeasureOptions,
  pod: Pod,
  seen: Observation,
): Promise<StorageUsage> {
  const named = podNameOf(pod);
  const volumes = diskVolumes(pod).map(({ name }) => ({
    name,
    paths: [layout.volume(named.uid, "kubernetes.io~empty-dir", name)],
  }));
  const containers = Object.entries(seen.containers).map(([name, { run }]) => {
    const layer = run.is === "absent" ? undefined : runtime.writableLayer(run.id);
    return { name, paths: [layout.containerLogs(named, name), ...(layer ? [layer] : [])] };
  });
  const sizes = await diskUsage(
    host,
    [...volumes, ...containers].flatMap(({ paths }) => paths),
  );
  const total = ({ name, paths }: { readonly name: string; readonly paths: readonly string[] }) =>
    [name, paths.reduce((all, path) => all + (sizes.get(path) ?? 0), 0)] as const;
  return { volumes: new Map(volumes.map(total)), containers: new Map(containers.map(total)) };
}

/**
 * Bytes that directories take on their file systems, mounts in them left out. A directory that is not there counts
 * nothing. They must not lie in one another: what lies in two counts once.
 */
async function diskUsage(host: Host, directories: readonly string[]): Promise<Map<string, number>> {
  const { stdout } = await host.run({
    program: "nice",
    arguments: ["-n", "19", "du", "-skx", "--", ...directories],
    timeoutMs: limits.storageMeasureMs,
    allowFailure: true,
  });
  const sizes = new Map<string, number>();
  for (const line of stdout.split("\n")) {
    const [, kibibytes, path] = /^(\d+)\t(.+)$/.exec(line) ?? [];
    if (path !== undefined) sizes.set(path, Number(kibibytes) * 1024);
  }
  return sizes;
}

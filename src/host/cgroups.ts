import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { assert, type Clock } from "#base";
import { cgroupLayout } from "./cgroup-layout.ts";
import type { CgroupLayout, Cgroups } from "./host.ts";
import { cgroupRemovalRetryMs, cgroupRemovalTimeoutMs } from "./limits.ts";

/** Controllers that a node's groups are made with; those the machine lacks are left out. */
const nodeControllers = ["cpu", "cpuacct", "memory", "pids"] as const;

/** On version 2 also these, where the machine has them: a runtime that finds them absent would fail on their files. */
const unifiedControllers = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"] as const;

export function createCgroups(clock: Clock): Cgroups {
  let known: Promise<CgroupLayout> | undefined;
  const layout = () => {
    known ??= detect();
    return known;
  };
  const directory = async (controller: string, group: string): Promise<string | undefined> => {
    const point = (await layout()).controllers.get(controller);
    return point === undefined ? undefined : below(point, group);
  };
  const inEvery = async (group: string): Promise<string[]> =>
    (await layout()).hierarchies.map((point) => below(point, group));

  return {
    layout,
    async make(group, { holds }) {
      const found = await layout();
      if (found.kind === "v2") return makeUnified(found, group, holds);
      const points = new Set(nodeControllers.map((name) => found.controllers.get(name)));
      points.delete(undefined);
      points.delete(found.unified);
      await Promise.all(
        [...points].map((point) => fs.mkdir(below(point as string, group), { recursive: true })),
      );
    },
    async read(controller, group, file) {
      const path = await directory(controller, group);
      return path === undefined ? undefined : readIfThere(`${path}/${file}`);
    },
    async write(controller, group, file, value) {
      const path = await directory(controller, group);
      if (path === undefined) {
        throw new Error(
          `cannot set ${file} of ${group}: this machine has no ${controller} controller; see nacre doctor`,
        );
      }
      await writeValue(`${path}/${file}`, value);
    },
    async children(group) {
      const names = new Set<string>();
      for (const path of await inEvery(group)) for (const name of await subgroups(path)) names.add(name);
      return [...names];
    },
    async processes(group) {
      const pids = new Set<number>();
      for (const path of await inEvery(group)) for (const pid of await processesBelow(path)) pids.add(pid);
      return [...pids];
    },
    async move(pid, group) {
      for (const path of await inEvery(group)) {
        if (await isDirectory(path)) await moveInto(path, pid);
      }
    },
    async remove(group) {
      assert(below("", group) !== "", "the root control group cannot be removed");
      for (const path of await inEvery(group)) await removeTree(path, clock);
    },
  };
}

async function detect(): Promise<CgroupLayout> {
  return cgroupLayout(await fs.readFile("/proc/mounts", "utf8"), (point) => {
    try {
      return readFileSync(`${point}/cgroup.controllers`, "utf8");
    } catch {
      return undefined;
    }
  });
}

function below(point: string, group: string): string {
  return `${point}/${group}`.replace(/\/+/g, "/").replace(/\/$/, "");
}

/** Every level above must hand its controllers down. */
async function makeUnified(
  layout: CgroupLayout,
  group: string,
  holds: "groups" | "processes",
): Promise<void> {
  let path = layout.unified ?? "";
  for (const name of group.split("/").filter(Boolean)) {
    await handDown(layout, path);
    path = `${path}/${name}`;
    await fs.mkdir(path, { recursive: true });
  }
  if (holds === "groups") await handDown(layout, path);
}

/** One write each: a controller that is refused (another program may hold it) would make the kernel refuse the others with it. */
async function handDown(layout: CgroupLayout, path: string): Promise<void> {
  const handed = ((await readIfThere(`${path}/cgroup.subtree_control`)) ?? "").trim().split(" ");
  for (const controller of unifiedControllers) {
    if (!layout.controllers.has(controller) || handed.includes(controller)) continue;
    await writeValue(`${path}/cgroup.subtree_control`, `+${controller}`).catch(() => {});
  }
}

async function moveInto(path: string, pid: number): Promise<void> {
  await writeValue(`${path}/cgroup.procs`, String(pid)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ESRCH") throw error;
  });
}

async function subgroups(path: string): Promise<string[]> {
  try {
    const entries = await fs.readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

async function processesBelow(path: string): Promise<number[]> {
  const own = (await readIfThere(`${path}/cgroup.procs`)) ?? "";
  const pids = own.split("\n").filter(Boolean).map(Number);
  for (const name of await subgroups(path)) pids.push(...(await processesBelow(`${path}/${name}`)));
  return pids;
}

/** The group alone first: most have none below them, or are not there in this hierarchy. */
async function removeTree(path: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonicMs() + cgroupRemovalTimeoutMs;
  for (;;) {
    try {
      return await fs.rmdir(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || clock.monotonicMs() > deadline) {
        const pids = await processesBelow(path);
        throw new Error(
          `cannot remove control group ${path}: processes ${pids.join(", ") || "none"} are in it`,
          {
            cause: error,
          },
        );
      }
    }
    const below = await subgroups(path);
    for (const name of below) await removeTree(`${path}/${name}`, clock);
    // An exited process leaves its group a moment later.
    if (below.length === 0) await clock.sleep(cgroupRemovalRetryMs);
  }
}

async function writeValue(path: string, value: string): Promise<void> {
  const file = await fs.open(path, "r+").catch(() => fs.open(path, "w"));
  try {
    await file.write(value);
  } finally {
    await file.close();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENODEV: the group went away between open and read.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENODEV") return undefined;
    throw error;
  }
}

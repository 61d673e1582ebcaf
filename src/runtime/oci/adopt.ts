import type { ContainerEvent } from "../runtime.ts";
import { ContainerLife, killRest } from "./container-life.ts";
import type { RuntimeContext } from "./context.ts";
import { readExit, unseenExitCode } from "./exit-file.ts";
import { bundle } from "./paths.ts";
import { clearContainer } from "./prepare-container.ts";
import type { ContainerRecord, ProcessIdentity, SandboxRecord } from "./records.ts";
import { clearSandbox } from "./sandboxes.ts";

/**
 * Takes over what an earlier process left: knows every pod and container again, learns of ends in between from the exit files,
 * and cleans up what has no record.
 */
export async function adopt(
  context: RuntimeContext,
  emit: (event: ContainerEvent) => void,
): Promise<{ sandboxes: Map<string, SandboxRecord>; lives: Map<string, ContainerLife> }> {
  const { records } = context;
  const sandboxes = new Map((await records.sandboxes()).map((record) => [record.id, record]));
  const found = await records.containers();
  const lives = new Map<string, ContainerLife>();
  await Promise.all(
    found.records.map(async (record) => {
      const settled = await settle(context, record);
      const life = new ContainerLife(context, settled, emit);
      if (settled !== record) {
        await killRest(context, settled);
        await records.writeContainer(settled);
      }
      lives.set(record.id, life);
      if (await context.host.files.exists(`${bundle(context.paths, record.id)}/sync`)) life.adopt();
    }),
  );
  for (const id of found.orphans) await clearContainer(context, id);
  await removeUnknown(context, sandboxes, lives);
  return { sandboxes, lives };
}

/** What has become of a container since its record was written. */
async function settle(context: RuntimeContext, record: ContainerRecord): Promise<ContainerRecord> {
  if (record.exitCode !== undefined) return record;
  const exit = await readExit(context, record.id);
  if (exit) return { ...record, startedAt: record.startedAt ?? record.createdAt, ...exit };
  const sameBoot = record.bootId === context.bootId;
  if (record.startedAt !== undefined) {
    const watched = await lives(context, record.conmon);
    const runs = await lives(context, record.process);
    // conmon alone is about to write the exit file.
    if (sameBoot && watched) return record;
    // Its conmon is gone, so nobody would learn of its end or read its output: it is ended, and can start again.
    if (runs && record.process) context.host.signal(record.process.pid, 9);
    return { ...record, finishedAt: context.clock.now(), exitCode: unseenExitCode };
  }
  const begun = await context.host.files.read(`${bundle(context.paths, record.id)}/pidfile`);
  const prepared = await context.host.files.exists(`${bundle(context.paths, record.id)}/config.json`);
  if (sameBoot && prepared && begun === undefined) return record;
  // The earlier process died between starting it and noting so.
  if (begun) await context.engine.delete(record.id).catch(() => {});
  return { ...record, finishedAt: context.clock.now(), exitCode: unseenExitCode };
}

/** Bundles and namespaces without a record, from a crash in the middle of making them. */
async function removeUnknown(
  context: RuntimeContext,
  sandboxes: ReadonlyMap<string, SandboxRecord>,
  lives: ReadonlyMap<string, ContainerLife>,
): Promise<void> {
  const { host, paths, images } = context;
  for (const id of await host.files.list(`${paths.run}/containers`)) {
    if (!lives.has(id)) await clearContainer(context, id);
  }
  for (const id of await host.files.list(`${paths.run}/sandboxes`)) {
    if (sandboxes.has(id)) continue;
    const parents = ["", "/burstable", "/besteffort"].map(
      (part) => `${context.cgroupParent}${part}/pod${id}`,
    );
    for (const cgroup of parents) await clearSandbox(context, id, cgroup);
  }
  for (const id of await images.claims()) if (!lives.has(id)) await images.release(id);
  await host.files.remove(`${paths.run}/exec`);
}

async function lives(context: RuntimeContext, process: ProcessIdentity | undefined): Promise<boolean> {
  return process !== undefined && (await context.host.startTime(process.pid)) === process.startTime;
}

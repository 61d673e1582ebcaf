import { ApiError, messageOf, must, notFound } from "#base";
import { ContainerError, notRunning } from "../errors.ts";
import type { ContainerEvent, ContainerRuntime, Sandbox } from "../runtime.ts";
import { adopt } from "./adopt.ts";
import { ociResources } from "./config/resources.ts";
import { signalNumber } from "./config/signals.ts";
import { ContainerLife } from "./container-life.ts";
import type { RuntimeContext } from "./context.ts";
import { readExit } from "./exit-file.ts";
import { execSessions } from "./limits.ts";
import { bundle, exits, networkNamespace, runtimeRoot, writableLayer } from "./paths.ts";
import { clearContainer, prepareContainer } from "./prepare-container.ts";
import { containerOf, type SandboxRecord, sandboxOf } from "./records.ts";
import { clearSandbox, makeSandbox, sandboxReady } from "./sandboxes.ts";
import { Serial } from "./serial.ts";
import { attachToContainer, execInContainer } from "./sessions.ts";
import { groupStats } from "./stats.ts";

/** Containers by conmon and an OCI runtime, as one object over the parts of this folder. Adopts what runs already. */
export async function ociRuntime(
  context: RuntimeContext,
): Promise<{ runtime: ContainerRuntime; close(): void }> {
  const { host, paths, records, engine } = context;
  const listeners = new Set<(event: ContainerEvent) => void>();
  const emit = (event: ContainerEvent) => {
    for (const listener of listeners) listener(event);
  };
  // Watched before anything is read, so that no end falls in between.
  const pending: string[] = [];
  let onExitFile = (id: string): void => void pending.push(id);
  const watch = host.files.watch(exits(paths), (id) => onExitFile(id));
  const { sandboxes, lives } = await adopt(context, emit);
  onExitFile = (id) => {
    const life = lives.get(id);
    if (!life) return;
    readExit(context, id)
      .then((exit) => exit && life.exited(exit.exitCode, exit.finishedAt))
      .catch((error) =>
        context.logger.error("cannot note a container's end", { id, error: messageOf(error) }),
      );
  };
  for (const id of pending) onExitFile(id);

  const serial = new Serial();
  let execs = 0;
  let openExecs = 0;
  const find = (id: string): ContainerLife => {
    const life = lives.get(id);
    if (!life) throw notFound({ resource: "containers", name: id });
    return life;
  };
  const running = (id: string, attempted: string): ContainerLife => {
    const life = find(id);
    if (!life.running) throw notRunning(id, attempted, containerOf(life.record).state);
    return life;
  };
  const sandbox = async (record: SandboxRecord, mounted: ReadonlySet<string>): Promise<Sandbox> =>
    sandboxOf(record, {
      ready: await sandboxReady(context, record, mounted),
      networkNamespace: networkNamespace(paths, record.id),
    });
  const mounted = async () => new Set(await host.mounts.under(`${paths.run}/sandboxes`));
  const sandboxOfId = async (id: string): Promise<Sandbox | undefined> => {
    const record = sandboxes.get(id);
    return record && sandbox(record, await mounted());
  };

  const remove = async (id: string): Promise<void> => {
    const life = lives.get(id);
    if (!life) return;
    await life.stop(9, 0);
    await life.conmonGone();
    if (await host.files.exists(`${runtimeRoot(paths)}/${id}`)) await engine.delete(id);
    await host.cgroups.remove(life.record.cgroup);
    await clearContainer(context, id);
    await host.files.remove(`${exits(paths)}/${id}`);
    lives.delete(id);
  };

  const runtime: ContainerRuntime = {
    version: engine.version,
    createSandbox: (spec) =>
      serial.run(spec.id, async () => {
        const known = await sandboxOfId(spec.id);
        if (known?.ready) return known;
        const record = await makeSandbox(context, spec);
        sandboxes.set(spec.id, record);
        return sandboxOf(record, { ready: true, networkNamespace: networkNamespace(paths, record.id) });
      }),
    removeSandbox: (id) =>
      serial.run(id, async () => {
        const record = sandboxes.get(id);
        const inside = [...lives.values()].filter((life) => life.record.sandboxId === id);
        await Promise.all(inside.map((life) => serial.run(life.record.id, () => remove(life.record.id))));
        if (!record) return;
        await clearSandbox(context, id, record.cgroup);
        await records.removeSandbox(id);
        sandboxes.delete(id);
      }),
    sandbox: sandboxOfId,
    async sandboxes() {
      const points = await mounted();
      return Promise.all([...sandboxes.values()].map((record) => sandbox(record, points)));
    },
    createContainer: (spec) =>
      serial.run(spec.id, async () => {
        const known = lives.get(spec.id);
        if (known) return containerOf(known.record);
        const parent = sandboxes.get(spec.sandboxId);
        if (!parent) throw notFound({ resource: "sandboxes", name: spec.sandboxId });
        const target =
          spec.processesOf === undefined ? undefined : running(spec.processesOf, "join the processes of");
        const record = await prepareContainer(context, parent, spec, target?.record.process);
        const life = new ContainerLife(context, record, emit);
        lives.set(spec.id, life);
        return containerOf(life.record);
      }),
    startContainer: (id) =>
      serial.run(id, async () => {
        await find(id).start();
        return containerOf(find(id).record);
      }),
    async stopContainer(id, { graceMs, signal }) {
      const life = find(id);
      await life.stop(signal === undefined ? life.record.stopSignal : knownSignal(signal), graceMs);
    },
    removeContainer: (id) => serial.run(id, () => remove(id)),
    containers: async () => [...lives.values()].map((life) => containerOf(life.record)),
    async updateResources(id, resources) {
      running(id, "change limits of");
      await engine.update(id, ociResources(resources));
    },
    events(listener) {
      listeners.add(listener);
      return { close: () => void listeners.delete(listener) };
    },
    async exec(id, options) {
      const { record } = running(id, "run a command in");
      if (openExecs >= execSessions) {
        throw new ApiError(
          "TooManyRequests",
          `${execSessions} commands run in this node's containers already; try again`,
        );
      }
      execs += 1;
      openExecs += 1;
      try {
        const session = await execInContainer(context, record, options, `${process.pid}-${execs}`);
        void session.exited.finally(() => (openExecs -= 1)).catch(() => {});
        return session;
      } catch (error) {
        openExecs -= 1;
        throw error;
      }
    },
    async attach(id, options) {
      const life = running(id, "attach to");
      const ended = life.ended.then(() =>
        must(life.record.exitCode, "a container that ended has an exit code"),
      );
      const session = await attachToContainer(context, life.record, { ...options, ended });
      if (await life.hasProcess()) return session;
      // It ended just before, and will be known to have ended in a moment. What it said is in its log, not in this session.
      session.kill();
      throw notRunning(id, "attach to", "exited");
    },
    async stats(id) {
      const life = find(id);
      return life.running ? groupStats(context, life.record.cgroup) : undefined;
    },
    writableLayer: (id) => (lives.has(id) ? writableLayer(paths, id) : undefined),
    async reopenLog(id) {
      const life = running(id, "reopen the log of");
      await host.files.write(`${bundle(paths, life.record.id)}/ctl`, "2 0 0\n", { inPlace: true });
    },
  };
  return {
    runtime,
    close() {
      watch.close();
      listeners.clear();
      for (const life of lives.values()) life.close();
    },
  };
}

function knownSignal(name: string): number {
  const number = signalNumber(name);
  if (number === undefined)
    throw new ContainerError("CreateContainerConfigError", `there is no signal "${name}"`);
  return number;
}

import { isNotFound } from "#base";
import { type CommandError, isCommandError } from "#host";
import { ContainerError } from "../errors.ts";
import type { ImageRecord } from "../images/image-records.ts";
import type { ClaimedImage } from "../images/image-store.ts";
import type { ContainerSpec } from "../runtime.ts";
import { containerConfig } from "./config/container-config.ts";
import { signalNumber } from "./config/signals.ts";
import type { Accounts } from "./config/users.ts";
import type { RuntimeContext } from "./context.ts";
import { bundle, containerState, rootFilesystem, writableLayer } from "./paths.ts";
import {
  type ContainerRecord,
  containerRecordOf,
  type ProcessIdentity,
  type SandboxRecord,
} from "./records.ts";
import { readInRoot } from "./root-files.ts";
import { namespacePaths, sandboxSharedMemory } from "./sandboxes.ts";

/** Mounts a container's root file system and writes its bundle. What fails half-way is taken away again. */
export async function prepareContainer(
  context: RuntimeContext,
  sandbox: SandboxRecord,
  spec: ContainerSpec,
  joins?: ProcessIdentity,
): Promise<ContainerRecord> {
  const { host, paths, images, clock, bootId } = context;
  const image = await images.claim(spec.image, spec.id).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new ContainerError(
      "CreateContainerError",
      `cannot create container ${spec.name}: image ${spec.image} is not here; pull it first`,
      error,
    );
  });
  try {
    await mountRoot(context, spec.id, image);
    const root = rootFilesystem(paths, spec.id);
    const cgroup = `${sandbox.cgroup}/${spec.id}`;
    const config = containerConfig(spec, {
      image: image.record.config,
      accounts: await accountsOf(context, image, root),
      root,
      hostname: sandbox.hostname,
      namespaces: {
        ...namespacePaths(context, sandbox),
        ...(joins ? { pid: `/proc/${joins.pid}/ns/pid` } : {}),
      },
      hostPid: sandbox.hostPid,
      sharedMemory: sandboxSharedMemory(context, sandbox),
      cgroup,
      layout: context.layout,
      availableCapabilities: context.availableCapabilities,
      leastOomScoreAdjustment: context.leastOomScoreAdjustment,
      architecture: context.architecture,
    });
    const record = containerRecordOf(spec, {
      stopSignal: stopSignal(spec, image),
      cgroup,
      createdAt: clock.now(),
      bootId,
      ...(joins ? { joins } : {}),
      ...(joins || sandbox.hostPid || sandbox.sharesProcesses ? { sharesProcesses: true } : {}),
    });
    await Promise.all([
      host.files.write(`${bundle(paths, spec.id)}/config.json`, JSON.stringify(config), {
        mode: 0o600,
        durable: false,
      }),
      host.files.makeDirectory(spec.logPath.slice(0, spec.logPath.lastIndexOf("/"))),
    ]);
    await context.records.writeContainer(record);
    return record;
  } catch (error) {
    await clearContainer(context, spec.id);
    throw error;
  }
}

/** Takes away mounts, bundle, writable layer, record, and the claim on the image. conmon is gone by now. */
export async function clearContainer(context: RuntimeContext, id: string): Promise<void> {
  const { host, paths } = context;
  const directory = bundle(paths, id);
  if (await host.files.exists(directory)) {
    await host.mounts.unmountAll(directory);
    await host.files.remove(directory);
  }
  await context.records.removeContainer(id);
  await context.images.release(id);
}

/** Of images by their records: a root just mounted has in it what its image has, and that never changes. */
const knownAccounts = new WeakMap<ImageRecord, Accounts>();

async function accountsOf(
  { host }: RuntimeContext,
  { record }: ClaimedImage,
  root: string,
): Promise<Accounts> {
  const known = knownAccounts.get(record);
  if (known) return known;
  const accounts = {
    passwd: await readInRoot(host.files, root, "/etc/passwd"),
    group: await readInRoot(host.files, root, "/etc/group"),
  };
  knownAccounts.set(record, accounts);
  return accounts;
}

async function mountRoot(context: RuntimeContext, id: string, image: ClaimedImage): Promise<void> {
  const { host, paths } = context;
  const state = containerState(paths, id);
  const root = rootFilesystem(paths, id);
  await Promise.all([
    host.files.makeDirectory(writableLayer(paths, id), { mode: 0o755 }),
    host.files.makeDirectory(`${state}/work`, { mode: 0o700 }),
    host.files.makeDirectory(`${state}/empty`),
    host.files.makeDirectory(root),
  ]);
  // An image without layers still needs a lower directory: any empty one.
  const lower = image.layers.length > 0 ? image.layers.join(":") : `${state}/empty`;
  const fifo = context.fifos.put([`${bundle(paths, id)}/sync`]);
  const options = [`lowerdir=${lower}`, `upperdir=${writableLayer(paths, id)}`, `workdir=${state}/work`];
  try {
    await host.mounts.mount({ type: "overlay", target: root, options, directory: image.directory });
    await fifo;
  } catch (error) {
    await fifo.catch(() => {});
    throw isCommandError(error) ? explained(error) : error;
  }
}

function explained(error: CommandError): ContainerError {
  return new ContainerError(
    "CreateContainerError",
    `cannot mount the container's root file system: ${error.message}. Overlay file systems need a kernel with overlay and a state directory that is not itself an overlay`,
    error,
  );
}

function stopSignal(spec: ContainerSpec, image: ClaimedImage): number {
  const name = spec.stopSignal ?? image.record.config.stopSignal ?? "SIGTERM";
  const number = signalNumber(name);
  if (number === undefined) {
    throw new ContainerError(
      "CreateContainerConfigError",
      `container ${spec.name}: there is no signal "${name}"`,
    );
  }
  return number;
}

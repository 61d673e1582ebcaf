import type { Host } from "#host";
import type { Container, ContainerSpec, Sandbox, SandboxSpec } from "../runtime.ts";
import { containerRecord, containerState, type RuntimePaths, sandboxRecord } from "./paths.ts";

/** A process, named for good: pids are used again. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** What was wanted of a sandbox, and what was made. Records of earlier versions say nothing of `sharesProcesses`. */
export interface SandboxRecord
  extends Pick<
      SandboxSpec,
      "id" | "namespace" | "name" | "hostname" | "hostNetwork" | "hostPid" | "hostIpc" | "annotations"
    >,
    Partial<Pick<SandboxSpec, "sharesProcesses">> {
  readonly formatVersion: 1;
  /** The first process of the PID namespace that its containers share. */
  readonly pause?: ProcessIdentity;
  /** The pod's group: `/kubepods/burstable/podUID`. */
  readonly cgroup: string;
  readonly createdAt: number;
  /** The machine's boot in which its namespaces were made. */
  readonly bootId: string;
}

/** What was wanted of a container, what was made, and how far it has come. */
export interface ContainerRecord
  extends Pick<
    ContainerSpec,
    "id" | "sandboxId" | "name" | "attempt" | "image" | "logPath" | "terminal" | "stdin" | "annotations"
  > {
  readonly formatVersion: 1;
  readonly stdinOnce: boolean;
  /** Number. */
  readonly stopSignal: number;
  readonly cgroup: string;
  readonly createdAt: number;
  readonly bootId: string;
  /** Its processes share a PID namespace with others: they do not end with the first. */
  readonly sharesProcesses?: true;
  /** First process of the container whose PID namespace it joins. */
  readonly joins?: ProcessIdentity;
  readonly startedAt?: number;
  /** Its first process. */
  readonly process?: ProcessIdentity;
  readonly conmon?: ProcessIdentity;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
}

export function sandboxRecordOf(
  spec: SandboxSpec,
  more: { cgroup: string; createdAt: number; bootId: string },
): SandboxRecord {
  const { id, namespace, name, hostname, hostNetwork, hostPid, hostIpc, sharesProcesses, annotations } = spec;
  return {
    formatVersion: 1,
    id,
    namespace,
    name,
    hostname,
    hostNetwork,
    hostPid,
    hostIpc,
    sharesProcesses,
    annotations,
    ...more,
  };
}

export function containerRecordOf(
  spec: ContainerSpec,
  more: Pick<ContainerRecord, "stopSignal" | "cgroup" | "createdAt" | "bootId" | "sharesProcesses" | "joins">,
): ContainerRecord {
  const {
    id,
    sandboxId,
    name,
    attempt,
    image,
    logPath,
    terminal,
    stdin,
    stdinOnce = false,
    annotations,
  } = spec;
  return {
    formatVersion: 1,
    id,
    sandboxId,
    name,
    attempt,
    image,
    logPath,
    terminal,
    stdin,
    stdinOnce,
    annotations,
    ...more,
  };
}

export function sandboxOf(
  record: SandboxRecord,
  state: { ready: boolean; networkNamespace: string },
): Sandbox {
  return {
    id: record.id,
    namespace: record.namespace,
    name: record.name,
    networkNamespace: record.hostNetwork ? undefined : state.networkNamespace,
    annotations: record.annotations,
    ready: state.ready,
    createdAt: record.createdAt,
  };
}

export function containerOf(record: ContainerRecord): Container {
  const ended = record.exitCode !== undefined;
  const state = ended ? "exited" : record.startedAt !== undefined ? "running" : "created";
  return {
    id: record.id,
    sandboxId: record.sandboxId,
    name: record.name,
    attempt: record.attempt,
    image: record.image,
    state,
    pid: state === "running" ? record.process?.pid : undefined,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    exitCode: record.exitCode,
    oomKilled: record.oomKilled ?? false,
    logPath: record.logPath,
    annotations: record.annotations,
  };
}

/**
 * Records on disk, one small JSON file each, readable by root only. Written without fsync: what they describe does not survive a loss of
 * power either, and a container whose record is lost is cleaned up at the next start.
 */
export class Records {
  readonly #host: Host;
  readonly #paths: RuntimePaths;

  constructor(host: Host, paths: RuntimePaths) {
    this.#host = host;
    this.#paths = paths;
  }

  writeSandbox(record: SandboxRecord): Promise<void> {
    return this.#write(sandboxRecord(this.#paths, record.id), record);
  }

  writeContainer(record: ContainerRecord): Promise<void> {
    return this.#write(containerRecord(this.#paths, record.id), record);
  }

  removeSandbox(id: string): Promise<void> {
    return this.#host.files.remove(sandboxRecord(this.#paths, id));
  }

  /** With the container's writable layer. */
  removeContainer(id: string): Promise<void> {
    return this.#host.files.remove(containerState(this.#paths, id));
  }

  async sandboxes(): Promise<SandboxRecord[]> {
    const entries = await this.#host.files.list(`${this.#paths.state}/sandboxes`);
    const ids = entries
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length));
    const found = await Promise.all(
      ids.map((id) => this.#read<SandboxRecord>(sandboxRecord(this.#paths, id))),
    );
    return found.filter((one) => one !== undefined);
  }

  /** Records, and names of directories that lost theirs. */
  async containers(): Promise<{ records: ContainerRecord[]; orphans: string[] }> {
    const records: ContainerRecord[] = [];
    const orphans: string[] = [];
    for (const id of await this.#host.files.list(`${this.#paths.state}/containers`)) {
      const record = await this.#read<ContainerRecord>(containerRecord(this.#paths, id));
      if (record) records.push(record);
      else orphans.push(id);
    }
    return { records, orphans };
  }

  #write(path: string, record: SandboxRecord | ContainerRecord): Promise<void> {
    return this.#host.files.write(path, JSON.stringify(record), { mode: 0o600, durable: false });
  }

  async #read<T>(path: string): Promise<T | undefined> {
    const text = await this.#host.files.read(path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch {
      return undefined;
    }
  }
}

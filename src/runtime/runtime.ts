/**
 * Containers on one machine, in the shape of the Kubernetes CRI (runtime/v1): sandboxes hold namespaces, containers
 * run in them. The implementation is conmon with an OCI runtime; `simulated/` keeps everything in memory.
 * Every call is idempotent: repeating one that has happened succeeds.
 */
export interface ContainerRuntime {
  /** The OCI runtime's name and version: what a node reports as `runc://1.1.5`. */
  version(): Promise<RuntimeVersion>;
  /** Creates a pod's namespaces and cgroup. The network namespace is a file that the network layer attaches. */
  createSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /** Kills what runs in it, removes its containers, namespaces, mounts and cgroup. */
  removeSandbox(id: string): Promise<void>;
  /** Undefined when there is none of that id. */
  sandbox(id: string): Promise<Sandbox | undefined>;
  sandboxes(): Promise<Sandbox[]>;

  /** Prepares the root file system and the OCI bundle, not yet running. */
  createContainer(spec: ContainerSpec): Promise<Container>;
  startContainer(id: string): Promise<Container>;
  /** Signal (default: the image's stop signal or SIGTERM), then SIGKILL after `graceMs`. Resolves when it has exited. */
  stopContainer(id: string, options: { graceMs: number; signal?: string }): Promise<void>;
  removeContainer(id: string): Promise<void>;
  /** Every container that this runtime knows, also those started before it: re-adoption after a restart. */
  containers(): Promise<Container[]>;
  /** Changes limits of a running container. */
  updateResources(id: string, resources: LinuxResources): Promise<void>;
  /** Exits and OOM kills, as they happen. Containers that exited while nobody listened are in `containers()`. */
  events(listener: (event: ContainerEvent) => void): { close(): void };
  /** Runs a command in a container, in its cgroup and under its restrictions. */
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  /** Joins the terminal or the pipes of the container's main process. */
  attach(id: string, options: { stdin: boolean; terminal: boolean }): Promise<ExecSession>;
  /** Usage right now. */
  stats(id: string): Promise<ContainerStats | undefined>;
  /** The directory on this machine's disk that holds what a container has written to its root file system, when there is one. */
  writableLayer(id: string): string | undefined;
  /** Asks the log to be reopened at its path: after rotation moved the file away. */
  reopenLog(id: string): Promise<void>;
}

export interface RuntimeVersion {
  readonly name: string;
  readonly version: string;
}

export interface SandboxSpec {
  /** Pod uid; also the sandbox's id. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  /** Its containers see each other's processes. */
  readonly sharesProcesses: boolean;
  /** Guaranteed pods are right below `kubepods`, the others below their class. */
  readonly qosClass: "Guaranteed" | "Burstable" | "BestEffort";
  /** The pod's own limits: the sum of its containers'. */
  readonly resources: LinuxResources;
  readonly sysctls: Readonly<Record<string, string>>;
  /** Kept with the sandbox and returned as given: what the agent wants to find again. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Sandbox {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** Path of the bind-mounted network namespace; undefined for the host's network. */
  readonly networkNamespace: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** False when its namespaces are gone (a reboot): remove it and create it again. */
  readonly ready: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface ContainerSpec {
  /** Unique over restarts: chosen by the caller, 64 hexadecimal digits. */
  readonly id: string;
  readonly sandboxId: string;
  /** Container name in the pod. */
  readonly name: string;
  /** How many came before it under this name: kept, and part of the log's path. */
  readonly attempt: number;
  /** An image that `ImageStore.resolve` knows: its digest. */
  readonly image: string;
  /** Replaces the image's entry point, when given. */
  readonly command?: readonly string[];
  /** Replaces the image's arguments, when given. */
  readonly arguments?: readonly string[];
  readonly workingDirectory?: string;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly ContainerMount[];
  readonly resources: LinuxResources;
  readonly security: ContainerSecurity;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Its input ends when the first who attached to it leaves; otherwise it stays open. */
  readonly stdinOnce?: boolean;
  readonly stopSignal?: string;
  /** A container that runs, by id: this one sees its processes, and is seen by them. Default: it sees its own. */
  readonly processesOf?: string;
  /** -998…1000; degraded silently where the host forbids it. */
  readonly oomScoreAdjustment: number;
  /** Absolute path of the CRI-format log. */
  readonly logPath: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: "private" | "rslave" | "rshared";
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  /** Numeric, or a name looked up in the image's /etc/passwd; undefined: the image's own. */
  readonly user?: string;
  readonly group?: number;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly allowPrivilegeEscalation: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  /** `RuntimeDefault` applies our profile; default Unconfined as in Kubernetes. */
  readonly seccomp: "RuntimeDefault" | "Unconfined" | SeccompProfile;
  readonly runAsNonRoot: boolean;
}

/** As the OCI runtime specification has it (`linux.seccomp`). */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly [field: string]: unknown;
}

export interface LinuxResources {
  /** Relative weight, v1 `cpu.shares` scale (2…262144). */
  readonly cpuShares?: number;
  /** Microseconds per `cpuPeriodUs`; absent means unlimited. */
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly memoryLimitBytes?: number;
  readonly pidsLimit?: number;
}

export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly state: "created" | "running" | "exited" | "unknown";
  readonly pid: number | undefined;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  readonly logPath: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export type ContainerEvent =
  | { readonly type: "exited"; readonly container: Container }
  | { readonly type: "oom"; readonly containerId: string };

export interface ExecOptions {
  readonly command: readonly string[];
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly timeoutMs?: number;
}

/** A command that runs in a container, or the container's main process attached to. */
export interface ExecSession {
  readonly stdin: NodeJS.WritableStream | undefined;
  readonly stdout: NodeJS.ReadableStream;
  /** Undefined with a terminal. */
  readonly stderr: NodeJS.ReadableStream | undefined;
  resize(size: { columns: number; rows: number }): void;
  /** The exit code. */
  readonly exited: Promise<number>;
  /** Ends the command, as soon as it has begun; one that has ended is left alone. Of a session that was attached: leaves it. */
  kill(): void;
}

export interface ContainerStats {
  readonly at: number;
  readonly cpuUsageNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryUsageBytes: number;
}

/** Images on one machine, content-addressed. */
export interface ImageStore {
  /** Imports an OCI layout or docker archive (tar, plain or gzip); returns what it holds. Throws BadRequest for anything else. */
  importArchive(path: string, options?: { names?: readonly string[] }): Promise<Image[]>;
  /** Pulls from a registry (OCI distribution). Throws `ImagePullError` with a reason. */
  pull(
    reference: string,
    options?: { credentials?: RegistryCredentials; signal?: AbortSignal },
  ): Promise<Image>;
  /**
   * The image a reference stands for now (`nginx` → `docker.io/library/nginx:latest`), if it is here. Without its names: knowing those
   * takes a look at every image's.
   */
  resolve(reference: string): Promise<ImageContent | undefined>;
  list(): Promise<Image[]>;
  tag(reference: string, name: string): Promise<Image>;
  /** Removes a name, and the content nobody names or uses any more. */
  remove(reference: string): Promise<void>;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** What an image is, whatever its names. */
export interface ImageContent {
  /** `sha256:…` of the image configuration. */
  readonly id: string;
  readonly sizeBytes: number;
  readonly createdAt: number | undefined;
  readonly config: ImageConfig;
}

export interface Image extends ImageContent {
  readonly names: readonly string[];
  readonly digests: readonly string[];
}

export interface ImageConfig {
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly stopSignal: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export type ImagePullReason =
  | "InvalidImageName"
  | "ImageNotFound"
  | "Unauthorized"
  | "RegistryUnavailable"
  | "ErrImagePull";

import { ContainerError } from "../../errors.ts";
import type { ContainerSecurity, ContainerSpec, ImageConfig } from "../../runtime.ts";
import { capabilities } from "./capabilities.ts";
import { allDevices, deviceRules } from "./devices.ts";
import { containerMounts, maskedPaths, readonlyPaths, rootPropagation } from "./mounts.ts";
import { ociResources } from "./resources.ts";
import { seccompProfile } from "./seccomp.ts";
import { type Accounts, resolveUser } from "./users.ts";

/** What the machine and the pod give to a container, beside its own spec. */
export interface ContainerSurroundings {
  readonly image: ImageConfig;
  readonly accounts: Accounts;
  /** Absolute path of the mounted root file system. */
  readonly root: string;
  readonly hostname: string;
  /** Paths of the pod's namespaces; what is absent is the machine's. */
  readonly namespaces: {
    readonly network?: string;
    readonly ipc?: string;
    readonly uts?: string;
    /** Of others, whose processes it shares; absent: its own, unless `hostPid`. */
    readonly pid?: string;
  };
  readonly hostPid: boolean;
  /** Directory of the pod's /dev/shm. */
  readonly sharedMemory: string;
  /** Control group, below the root: `/kubepods/burstable/podUID/CONTAINER`. */
  readonly cgroup: string;
  readonly layout: "v1" | "hybrid" | "v2";
  readonly availableCapabilities: ReadonlySet<string>;
  /** The smallest oom_score_adj that this process may set. */
  readonly leastOomScoreAdjustment: number;
  /** Node's name: `x64`, `arm64`. */
  readonly architecture: string;
}

/** `process` of the configuration: kept apart, because commands run later (exec) get the same but for what they run. */
export interface OciProcess {
  readonly terminal: boolean;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<string, readonly string[]>>;
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj: number;
}

/** The bundle's config.json (OCI runtime specification 1.0.2). Pure. Throws `ContainerError` where the spec asks for what cannot be. */
export function containerConfig(spec: ContainerSpec, around: ContainerSurroundings): Record<string, unknown> {
  const { security } = spec;
  const process = containerProcess(spec, around);
  const { network, ipc, uts, pid } = around.namespaces;
  const namespaces = [
    { type: "mount" },
    ...(around.hostPid ? [] : [{ type: "pid", ...(pid === undefined ? {} : { path: pid }) }]),
    ...(network === undefined ? [] : [{ type: "network", path: network }]),
    ...(ipc === undefined ? [] : [{ type: "ipc", path: ipc }]),
    ...(uts === undefined ? [] : [{ type: "uts", path: uts }]),
    ...(around.layout === "v2" ? [{ type: "cgroup" }] : []),
  ];
  const seccomp = filterOf(security, process.capabilities.bounding ?? [], around.architecture);
  return {
    ociVersion: "1.0.2",
    process,
    root: { path: around.root, readonly: security.readOnlyRootFilesystem },
    mounts: containerMounts(spec, {
      sharedMemory: around.sharedMemory,
      cgroupNamespace: around.layout === "v2",
    }),
    linux: {
      namespaces,
      cgroupsPath: around.cgroup,
      resources: {
        ...ociResources(spec.resources),
        ...(around.layout === "v2" ? { unified: killedTogether } : {}),
        devices: security.privileged ? allDevices : deviceRules,
      },
      rootfsPropagation: rootPropagation(spec.mounts),
      maskedPaths: security.privileged ? [] : maskedPaths,
      readonlyPaths: security.privileged ? [] : readonlyPaths,
      ...(seccomp ? { seccomp } : {}),
    },
  };
}

function filterOf(
  { privileged, seccomp }: ContainerSecurity,
  capabilities: readonly string[],
  architecture: string,
): object | undefined {
  if (privileged || seccomp === "Unconfined") return undefined;
  return seccomp === "RuntimeDefault" ? seccompProfile(capabilities, architecture) : seccomp;
}

/** As the kubelet has it: out of memory, a container ends as a whole, not one process of it. */
const killedTogether = { "memory.oom.group": "1" };

function containerProcess(spec: ContainerSpec, around: ContainerSurroundings): OciProcess {
  const { security } = spec;
  const user = resolveUser(security.user ?? around.image.user, around.accounts, security);
  if (security.runAsNonRoot && user.uid === 0) {
    throw new ContainerError(
      "CreateContainerConfigError",
      `container ${spec.name} has runAsNonRoot, and its image runs as root; set runAsUser`,
    );
  }
  const granted = capabilities(security, around.availableCapabilities);
  // A user other than root has none to begin with, and may gain them only from files: bounding.
  const effective = user.uid === 0 ? granted : [];
  return {
    terminal: spec.terminal,
    user,
    args: containerArguments(spec, around.image),
    env: environment(spec, around),
    cwd: spec.workingDirectory || around.image.workingDirectory || "/",
    capabilities: { bounding: granted, effective, permitted: effective },
    noNewPrivileges: !security.allowPrivilegeEscalation && !security.privileged,
    oomScoreAdj: Math.max(spec.oomScoreAdjustment, around.leastOomScoreAdjustment),
  };
}

/** As Kubernetes combines them: a command of one's own also drops the image's arguments. */
function containerArguments(spec: ContainerSpec, image: ImageConfig): string[] {
  const own = spec.command !== undefined && spec.command.length > 0;
  const command = own ? spec.command : image.entrypoint;
  const given = spec.arguments !== undefined && spec.arguments.length > 0 ? spec.arguments : undefined;
  const args = [...command, ...(given ?? (own ? [] : image.command))];
  if (args.length === 0) {
    throw new ContainerError(
      "CreateContainerError",
      `container ${spec.name} has no command, and neither has its image; set command`,
    );
  }
  return args;
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The image's variables first, so the spec's win; each name once. */
function environment(spec: ContainerSpec, around: ContainerSurroundings): string[] {
  const found = new Map<string, string>([
    ["PATH", defaultPath],
    ["HOSTNAME", around.hostname],
    ...(spec.terminal ? ([["TERM", "xterm"]] as const) : []),
  ]);
  for (const line of around.image.environment) {
    const equals = line.indexOf("=");
    if (equals > 0) found.set(line.slice(0, equals), line.slice(equals + 1));
  }
  for (const { name, value } of spec.environment) found.set(name, value);
  return [...found].map(([name, value]) => `${name}=${value}`);
}

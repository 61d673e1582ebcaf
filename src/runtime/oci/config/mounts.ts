import type { ContainerMount, ContainerSpec } from "../../runtime.ts";

/** A mount in the words of the OCI runtime specification. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What every container finds in /proc, /dev and /sys, then the pod's own mounts. Parents come before what lies in them. */
export function containerMounts(
  spec: ContainerSpec,
  options: { sharedMemory: string; cgroupNamespace: boolean },
): OciMount[] {
  const { privileged } = spec.security;
  const access = privileged ? "rw" : "ro";
  const own = spec.mounts.map(bindMount).sort((a, b) => depth(a.destination) - depth(b.destination));
  const replaced = new Set(own.map((mount) => mount.destination));
  const base: OciMount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    privileged
      ? { destination: "/dev", type: "bind", source: "/dev", options: ["rbind", "rprivate", "nosuid"] }
      : {
          destination: "/dev",
          type: "tmpfs",
          source: "tmpfs",
          options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: ["nosuid", "noexec", "nodev", "relatime", access],
    },
    {
      destination: "/dev/shm",
      type: "bind",
      source: options.sharedMemory,
      options: ["rbind", "rprivate", "nosuid", "nodev", "noexec"],
    },
  ];
  return [...base.filter((mount) => !replaced.has(mount.destination)), ...own];
}

/** How mounts made on one side later are seen on the other: the strongest that a mount asks for holds for the root. */
export function rootPropagation(mounts: readonly ContainerMount[]): "rprivate" | "rslave" | "rshared" {
  if (mounts.some((mount) => mount.propagation === "rshared")) return "rshared";
  return mounts.some((mount) => mount.propagation === "rslave") ? "rslave" : "rprivate";
}

function bindMount(mount: ContainerMount): OciMount {
  const propagation = mount.propagation === "private" ? "rprivate" : mount.propagation;
  return {
    destination:
      mount.containerPath.length > 1 ? mount.containerPath.replace(/\/+$/, "") : mount.containerPath,
    type: "bind",
    source: mount.hostPath,
    options: ["rbind", propagation, mount.readOnly ? "ro" : "rw"],
  };
}

function depth(path: string): number {
  return path.split("/").filter(Boolean).length;
}

/** Parts of /proc and /sys that tell or change too much: Docker's lists. Not for privileged containers. */
export const maskedPaths: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

export const readonlyPaths: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

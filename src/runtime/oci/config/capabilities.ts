import { ContainerError } from "../../errors.ts";
import type { ContainerSecurity } from "../../runtime.ts";

/** What a container gets unless it asks otherwise: Docker's and containerd's default set. */
const defaults = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

/** All capabilities, in the order of their bits (capabilities(7), linux/capability.h). */
const all = [
  ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"],
  ...[
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
  ],
  ...[
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
  ],
  ...[
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
  ],
  ...["MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF"],
  "CHECKPOINT_RESTORE",
].map((name) => `CAP_${name}`);

/** The capabilities in a mask of /proc/PID/status, such as `CapBnd`: hexadecimal, bit 0 rightmost. */
export function capabilitiesOfMask(hexadecimal: string): ReadonlySet<string> {
  const mask = BigInt(`0x${hexadecimal.trim()}`);
  return new Set(all.filter((_name, bit) => (mask >> BigInt(bit)) & 1n));
}

/** What a container's processes may have: defaults, plus what was added, less what was dropped, and never more than this machine has. */
export function capabilities(security: ContainerSecurity, available: ReadonlySet<string>): string[] {
  const wanted = new Set(security.privileged ? all : defaults);
  const dropped = new Set(security.dropCapabilities.map(fullName));
  const added = new Set(security.addCapabilities.map(fullName));
  if (!security.privileged) {
    // As in Kubernetes: `drop: [ALL]` with `add: [X]` leaves X; a name that is in both lists is dropped.
    if (added.has("CAP_ALL")) for (const name of all) wanted.add(name);
    if (dropped.has("CAP_ALL")) wanted.clear();
    for (const name of added) if (name !== "CAP_ALL") wanted.add(known(name));
    for (const name of dropped) wanted.delete(name);
  }
  return [...wanted].filter((name) => available.has(name)).sort();
}

function fullName(name: string): string {
  const upper = name.toUpperCase();
  return upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}

function known(name: string): string {
  if (all.includes(name)) return name;
  throw new ContainerError("CreateContainerConfigError", `there is no capability ${name}`);
}

import type { Host } from "#host";

/** A program that the node needs, and the distribution package that brings it. */
export interface Requirement {
  readonly program: string;
  /** Another program that will do where it is there already. */
  readonly instead?: string;
  readonly for: string;
  readonly packages: Readonly<Record<PackageManager, string>>;
}

export type PackageManager = "apt-get" | "dnf" | "zypper" | "apk" | "pacman";

const same = (name: string): Record<PackageManager, string> => ({
  "apt-get": name,
  dnf: name,
  zypper: name,
  apk: name,
  pacman: name,
});

/** What runs containers: crun starts them in half the time, and refuses control groups of version 1 beside version 2. */
const runc: Requirement = { program: "runc", for: "running containers", packages: same("runc") };
const crun: Requirement = { ...runc, program: "crun", instead: "runc", packages: same("crun") };

/** Hand-written registry: everything else that `up` installs and `doctor` checks. */
const everywhere: readonly Requirement[] = [
  { program: "conmon", for: "watching containers", packages: same("conmon") },
  { program: "nft", for: "services and the packet guard", packages: same("nftables") },
  {
    program: "conntrack",
    for: "cutting UDP flows to pods that are gone",
    packages: { ...same("conntrack-tools"), "apt-get": "conntrack" },
  },
  { program: "ip", for: "pod networks", packages: { ...same("iproute2"), dnf: "iproute" } },
  { program: "nsenter", for: "joining namespaces", packages: same("util-linux") },
  {
    program: "mount",
    for: "container file systems",
    packages: { ...same("util-linux"), "apt-get": "mount" },
  },
  { program: "socat", for: "attaching to containers", packages: same("socat") },
];

/** How each package manager installs without asking. */
const installCommands: Readonly<Record<PackageManager, readonly string[]>> = {
  "apt-get": ["apt-get", "install", "-y", "--no-install-recommends"],
  dnf: ["dnf", "install", "-y"],
  zypper: ["zypper", "--non-interactive", "install"],
  apk: ["apk", "add"],
  pacman: ["pacman", "-S", "--noconfirm", "--needed"],
};

/** A requirement, and the program that meets it: undefined when it is missing. */
export interface Found {
  readonly requirement: Requirement;
  readonly program: string | undefined;
}

/** What a machine has and lacks, and the command that brings what it lacks; no command when no known package manager is there. */
export interface Shortage {
  readonly found: readonly Found[];
  readonly missing: readonly Requirement[];
  readonly install: readonly string[] | undefined;
}

/** Looks for every required program on the PATH; changes nothing. */
export async function findShortage(host: Host, path: string): Promise<Shortage> {
  const { kind } = await host.cgroups.layout();
  const found: Found[] = [];
  for (const requirement of [kind === "v2" ? crun : runc, ...everywhere]) {
    const { program, instead } = requirement;
    const programs = instead === undefined ? [program] : [program, instead];
    found.push({ requirement, program: await firstOnPath(host, path, programs) });
  }
  const missing = found.filter(({ program }) => program === undefined).map(({ requirement }) => requirement);
  const install = missing.length > 0 ? await installCommand(host, path, missing) : undefined;
  return { found, missing, install };
}

/** The command that brings what requirements ask for; undefined when no known package manager is there. */
export async function installCommand(
  host: Host,
  path: string,
  wanted: readonly Requirement[],
): Promise<readonly string[] | undefined> {
  for (const [manager, command] of Object.entries(installCommands)) {
    if (!(await onPath(host, path, manager))) continue;
    const packages = new Set(wanted.map((requirement) => requirement.packages[manager as PackageManager]));
    return [...command, ...packages];
  }
  return undefined;
}

/** Runs the install command of a shortage; refreshes the package index once when the first try fails. */
export async function installShortage(host: Host, install: readonly string[]): Promise<void> {
  const [program, ...args] = install as [string, ...string[]];
  const environment = { ...pathOnly(), DEBIAN_FRONTEND: "noninteractive" };
  const command = { program, arguments: args, environment, timeoutMs: 300_000 };
  const first = await host.run({ ...command, allowFailure: true });
  if (first.exitCode === 0) return;
  if (program === "apt-get") {
    await host.run({ program, arguments: ["update"], environment, timeoutMs: 300_000, allowFailure: true });
  }
  await host.run(command);
}

async function firstOnPath(
  host: Host,
  path: string,
  programs: readonly string[],
): Promise<string | undefined> {
  for (const program of programs) if (await onPath(host, path, program)) return program;
  return undefined;
}

async function onPath(host: Host, path: string, program: string): Promise<boolean> {
  for (const directory of path.split(":")) {
    // A directory that may not be looked into holds nothing that may be run.
    const isThere = directory && host.files.exists(`${directory}/${program}`).catch(() => false);
    if (await isThere) return true;
  }
  return false;
}

function pathOnly(): Record<string, string> {
  return process.env.PATH === undefined ? {} : { PATH: process.env.PATH };
}

import { type Command, formatOf, formatted, outputOption, paint } from "#cli";
import { findShortage, installCommand, programsOf, type Requirement, supervisorFor } from "#cluster";
import type { Host } from "#host";
import { dataOption, layoutFor, thisMachine } from "../machine.ts";

/** One thing that a node needs, whether it is there, and what to do when it is not. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Looks and changes nothing. Exit code 1 when something is missing. */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "check what this machine needs to be a node",
  usage: "",
  options: {
    ...dataOption,
    ...outputOption,
  },
  examples: [{ line: "nacre doctor", what: "what is missing, and the command that brings it" }],
  async run(invocation) {
    const host = thisMachine();
    const findings = [
      root(),
      ...(await programsFound(host, invocation.environment.PATH ?? "")),
      await cgroups(host),
      await overlay(host),
      await space(host, layoutFor(invocation).data),
      await cluster(host, layoutFor(invocation)),
    ];
    const format = formatOf(invocation);
    if (format !== "table") {
      invocation.output.out(formatted(findings, format));
    } else {
      const { output } = invocation;
      for (const { what, ok, detail } of findings) {
        output.out(
          `${ok ? paint(output, "green", "✓") : paint(output, "red", "✗")} ${what.padEnd(16)} ${detail}\n`,
        );
      }
    }
    return findings.every(({ ok }) => ok) ? 0 : 1;
  },
};

function root(): Finding {
  const ok = process.getuid?.() === 0;
  return {
    what: "root",
    ok,
    detail: ok ? "yes" : "needed for namespaces, mounts and network devices; use sudo",
  };
}

async function programsFound(host: Host, path: string): Promise<Finding[]> {
  const { found, install } = await findShortage(host, path);
  return Promise.all(
    found.map(async ({ requirement, program }) => {
      if (program === undefined) {
        const detail = `missing, needed for ${requirement.for}; ${cure(install)}`;
        return { what: requirement.program, ok: false, detail };
      }
      const better = program === requirement.program ? "" : `; ${await betterThan(host, path, requirement)}`;
      return { what: program, ok: true, detail: `${requirement.for}${better}` };
    }),
  );
}

/** What meets the requirement would do; what it asks for does it faster. */
async function betterThan(host: Host, path: string, requirement: Requirement): Promise<string> {
  return `${requirement.program} is faster here; ${cure(await installCommand(host, path, [requirement]))}`;
}

function cure(install: readonly string[] | undefined): string {
  return install ? `install with: ${install.join(" ")}` : "install it with your package manager";
}

async function cgroups(host: Host): Promise<Finding> {
  try {
    const { kind } = await host.cgroups.layout();
    return { what: "cgroups", ok: true, detail: cgroupKinds[kind] };
  } catch {
    return { what: "cgroups", ok: false, detail: "no cgroup hierarchy is mounted below /sys/fs/cgroup" };
  }
}

const cgroupKinds = {
  v1: "version 1",
  hybrid: "version 1, with version 2 beside it",
  v2: "version 2",
} as const;

async function overlay(host: Host): Promise<Finding> {
  const ok = /\boverlay\b/.test((await host.files.read("/proc/filesystems")) ?? "");
  return {
    what: "overlay",
    ok,
    detail: ok ? "known to the kernel" : "not known to the kernel; try: modprobe overlay",
  };
}

async function space(host: Host, data: string): Promise<Finding> {
  let existing = data;
  while (existing !== "" && !(await host.files.exists(existing)))
    existing = existing.slice(0, existing.lastIndexOf("/"));
  const { availableBytes } = await host.files.space(existing || "/");
  const gibibytes = (availableBytes / 2 ** 30).toFixed(1);
  const ok = availableBytes > 2 * 2 ** 30;
  return {
    what: "disk",
    ok,
    detail: `${gibibytes} GiB free for ${data}${ok ? "" : "; at least 2 GiB are needed"}`,
  };
}

async function cluster(host: Host, layout: ReturnType<typeof layoutFor>): Promise<Finding> {
  if (!(await host.files.exists(layout.config)))
    return { what: "cluster", ok: true, detail: "none yet; start one with: nacre up" };
  const running = await (await supervisorFor(host, layout)).running();
  const programs = await programsOf(host, layout);
  const stopped = programs.length - running.length;
  return {
    what: "cluster",
    ok: true,
    detail:
      stopped === 0
        ? "up"
        : running.length === 0
          ? "down; start it with: nacre up"
          : `${stopped} of ${programs.length} programs are stopped; nacre up starts them`,
  };
}

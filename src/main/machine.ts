import { resolve } from "node:path";
import { ApiError, silentLogger, systemClock } from "#base";
import { type Invocation, stringOption } from "#cli";
import { type ClusterConfig, defaultDataDirectory, type Layout, layoutOf, readClusterConfig } from "#cluster";
import { createHost, type Host } from "#host";

/** The machine that commands work on. */
export function thisMachine(): Host {
  return createHost({ clock: systemClock, logger: silentLogger });
}

/** The option that says which cluster is meant, the same for every command. */
export const dataOption = {
  data: {
    type: "string",
    value: "DIR",
    description: `where the cluster lives (default ${defaultDataDirectory})`,
  },
} as const;

/** Where a command's cluster lives: `--data`, `NACRE_DATA`, or the default. */
export function layoutFor(invocation: Invocation): Layout {
  const fallback = invocation.environment.NACRE_DATA ?? defaultDataDirectory;
  return layoutOf(resolve(stringOption(invocation, "data", fallback)));
}

/** A command to type next, about the same cluster: `nacre up --data /srv/nacre`. */
export function commandLine(invocation: Invocation, words: string): string {
  const data = stringOption(invocation, "data");
  const nacre = invocation.environment.NACRE_COMMAND ?? "nacre";
  return `${nacre} ${words}${data === undefined ? "" : ` --data ${data}`}`;
}

/** The cluster that a command is about. Throws NotFound, saying how to get one, when there is none. */
export async function existingCluster(host: Host, layout: Layout): Promise<ClusterConfig> {
  const config = await readClusterConfig(host, layout.config);
  if (config) return config;
  throw new ApiError("NotFound", `there is no cluster in ${layout.data}; start one with: nacre up`);
}

/** Throws Forbidden unless the command runs as root. */
export function requireRoot(what: string): void {
  if (process.getuid?.() === 0) return;
  throw new ApiError(
    "Forbidden",
    `${what} needs root: it makes namespaces, mounts and network devices; run it again with sudo`,
  );
}

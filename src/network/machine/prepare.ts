import { ApiError, assert } from "#base";
import type { Host } from "#host";
import { limits } from "../limits.ts";
import type { NetworkConfig } from "../network.ts";
import { gatewayAddress } from "../ranges.ts";
import { nft } from "./nft.ts";
import { baseRuleset } from "./ruleset.ts";

/**
 * Makes the machine ready before any of the cluster's ranges is used: the guard that rejects stray packets first, then
 * routes, bridge and kernel settings. Idempotent. Throws `CommandError` of the step that failed; what was done before
 * it stays and is taken up by the next call, or undone by `removeNetwork`. Throws Conflict, with nothing done, when
 * something else on the machine uses the ranges.
 */
export async function prepareNetwork(host: Host, config: NetworkConfig): Promise<void> {
  assert(config.bridge.length <= 15, `bridge name ${config.bridge} is longer than 15 characters`);
  await requireFreeRanges(host, config);
  await rememberSettings(host, config);
  await nft(host, baseRuleset(config));
  await host.run({
    program: "ip",
    arguments: ["-force", "-batch", "-"],
    input: `route replace unreachable ${config.clusterPodRange} metric 4096\n`,
    timeoutMs: limits.commandTimeoutMs,
  });
  await ensureBridge(host, config);
  await host.files.write("/proc/sys/net/ipv4/ip_forward", "1", { inPlace: true });
}

/**
 * Throws Conflict when something else on the machine uses the ranges: two networks with the same addresses would take each
 * other's packets, and the first to go its routes.
 */
export async function requireFreeRanges(host: Host, config: NetworkConfig): Promise<void> {
  const owner = await ownerOf(host, config);
  if (owner === config.stateDirectory) return;
  if (owner) {
    throw new ApiError(
      "Conflict",
      `cannot use the device ${config.bridge}: it belongs to the cluster that keeps its network in ${owner}. A machine holds one cluster: end that one first with: nacre down --data DIR`,
    );
  }
  // The device may have been deleted by hand.
  const made = await host.run({
    program: "nft",
    arguments: ["list", "table", "ip", config.table],
    allowFailure: true,
  });
  if (made.exitCode === 0) return;
  for (const range of [config.clusterPodRange, config.serviceRange]) {
    const { stdout } = await host.run({ program: "ip", arguments: ["route", "show", "root", range] });
    const [route] = stdout.trim().split("\n");
    if (!route) continue;
    throw new ApiError(
      "Conflict",
      `cannot use ${range} for the cluster: this machine already routes it (${route.trim()}). A machine holds one cluster: if another is up, end it first with: nacre down --data DIR`,
    );
  }
}

/** Whether the network of that name on this machine, if there is one, is this cluster's own. */
export async function ownsNetwork(host: Host, config: NetworkConfig): Promise<boolean> {
  const owner = await ownerOf(host, config);
  return !owner || owner === config.stateDirectory;
}

/**
 * Takes away what `prepareNetwork` made and puts the kernel settings back. Nothing to remove is fine; what belongs to
 * another cluster of the same name stays.
 */
export async function removeNetwork(host: Host, config: NetworkConfig): Promise<void> {
  if (!(await ownsNetwork(host, config))) return;
  const ip = (...args: string[]) => host.run({ program: "ip", arguments: args, allowFailure: true });
  await ip("link", "delete", config.bridge);
  await ip("route", "delete", "unreachable", config.clusterPodRange, "metric", "4096");
  await host.run({ program: "nft", arguments: ["delete", "table", "ip", config.table], allowFailure: true });
  const forwarding = await host.files.read(settingsPath(config));
  if (forwarding !== undefined) {
    await host.files.write("/proc/sys/net/ipv4/ip_forward", forwarding.trim(), { inPlace: true });
    await host.files.remove(settingsPath(config));
  }
}

/** A device that holds the gateway's address and takes the service range's route. No pod is plugged into it. */
async function ensureBridge(host: Host, config: NetworkConfig): Promise<void> {
  const exists = await host.run({
    program: "ip",
    arguments: ["link", "show", config.bridge],
    allowFailure: true,
  });
  const create = exists.exitCode === 0 ? "" : `link add ${config.bridge} type bridge\n`;
  await host.run({
    program: "ip",
    arguments: ["-batch", "-"],
    input: `${create}addr replace ${gatewayAddress(config)}/32 dev ${config.bridge}
link set ${config.bridge} up
route replace ${config.serviceRange} dev ${config.bridge} src ${gatewayAddress(config)}
`,
    timeoutMs: limits.commandTimeoutMs,
  });
  // By itself: in a batch, a path with a space in it would be two words.
  await host.run({
    program: "ip",
    arguments: ["link", "set", config.bridge, "alias", config.stateDirectory],
    timeoutMs: limits.commandTimeoutMs,
  });
}

/** Whose device it is: it carries the state directory of its cluster as its alias. Empty when nobody's. */
async function ownerOf(host: Host, { bridge }: NetworkConfig): Promise<string> {
  const { exitCode, stdout } = await host.run({
    program: "ip",
    arguments: ["-json", "link", "show", bridge],
    allowFailure: true,
  });
  if (exitCode !== 0) return "";
  const [device] = JSON.parse(stdout) as { ifalias?: string }[];
  return device?.ifalias ?? "";
}

/** What the machine had before the cluster, so that a purge can put it back. Written once. */
async function rememberSettings(host: Host, config: NetworkConfig): Promise<void> {
  if (await host.files.exists(settingsPath(config))) return;
  await host.files.makeDirectory(config.stateDirectory, { mode: 0o700 });
  const forwarding = await host.files.read("/proc/sys/net/ipv4/ip_forward");
  await host.files.write(settingsPath(config), forwarding ?? "0", { mode: 0o600 });
}

function settingsPath(config: NetworkConfig): string {
  return `${config.stateDirectory}/ip-forward-before`;
}

import { createInterface } from "node:readline";
import type { Host } from "#host";
import { limits } from "../limits.ts";
import type { NetworkConfig } from "../network.ts";
import { contains, parseRange } from "../ranges.ts";
import type { Frontend } from "./service-table.ts";

/** UDP flows as connection tracking knows them: to whom they were sent, and who got them. */
export interface Flows {
  readonly address: string;
  readonly port: number;
  /** As in the endpoints map: `address . port`. */
  readonly endpoint: string;
}

/** The endpoints that a frontend has now; undefined when nobody answers on it. */
export type EndpointsOf = (frontend: Frontend) => readonly string[] | undefined;

/**
 * Makes connection tracking forget the UDP flows that services' endpoints have left behind. A TCP connection to a pod that is gone
 * breaks by itself; a UDP client that keeps its port would be sent there as long as it goes on sending. Throws when flows cannot
 * be listed.
 */
export async function cutStrandedFlows(
  host: Host,
  config: NetworkConfig,
  endpointsOf: EndpointsOf,
): Promise<void> {
  const listing = host.spawn({
    program: "conntrack",
    arguments: ["-L", "-p", "udp"],
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: listing.stdout as NodeJS.ReadableStream });
  const flows = await stranded(lines, config, endpointsOf);
  const { exitCode, signal } = await listing.exited;
  if (exitCode !== 0)
    throw new Error(`conntrack cannot list UDP flows (${signal ?? `exit code ${exitCode}`})`);
  for (const { address, port, endpoint } of flows) {
    const [pod, podPort] = endpoint.split(" . ") as [string, string];
    await host.run({
      program: "conntrack",
      arguments: [
        ...["-D", "-p", "udp", "--orig-dst", address, "--orig-port-dst", `${port}`],
        ...["--reply-src", pod, "--reply-port-src", podPort],
      ],
      timeoutMs: limits.commandTimeoutMs,
      // It also fails when the last of them has ended meanwhile.
      allowFailure: true,
    });
  }
}

/** One line of `conntrack -L`: to whom the first packet was sent, and who answers. */
const flow = / dst=(\S+) sport=\d+ dport=(\d+) .*src=(\S+) dst=\S+ sport=(\d+) /;

/** Those flows to services in the listing whose endpoint is none of the service's, each kind once. */
export async function stranded(
  lines: AsyncIterable<string> | Iterable<string>,
  config: Pick<NetworkConfig, "serviceRange" | "nodePortRanges">,
  endpointsOf: EndpointsOf,
): Promise<Flows[]> {
  const found = new Map<string, Flows>();
  const serviceRange = parseRange(config.serviceRange);
  const nodePortRanges = config.nodePortRanges.map((range) =>
    parseRange(range.includes("/") ? range : `${range}/32`),
  );
  for await (const line of lines) {
    const [, address, destinationPort, pod, podPort] = flow.exec(line) ?? [];
    if (address === undefined) continue;
    const port = Number(destinationPort);
    const endpoint = `${pod} . ${podPort}`;
    const onNode = nodePortRanges.some((range) => contains(range, address));
    const endpoints =
      endpointsOf({ type: "address", address, protocol: "udp", port }) ??
      (onNode ? endpointsOf({ type: "node-port", protocol: "udp", port }) : undefined) ??
      (contains(serviceRange, address) ? [] : undefined);
    if (!endpoints || endpoints.includes(endpoint)) continue;
    found.set(`${address} ${port} ${endpoint}`, { address, port, endpoint });
  }
  return [...found.values()];
}

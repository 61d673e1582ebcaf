import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { Host } from "#host";
import type { NetworkConfig } from "../network.ts";
import { cutStrandedFlows, type EndpointsOf, stranded } from "./stranded-flows.ts";

const config = {
  serviceRange: "10.96.0.0/16",
  nodePortRanges: ["127.0.0.0/8", "10.244.0.1"],
} as unknown as NetworkConfig;

/** A line as `conntrack -L` prints it. */
function flow(destination: string, answers: string): string {
  const [address, port] = destination.split(":");
  const [pod, podPort] = answers.split(":");
  return `udp      17 29 src=10.244.0.9 dst=${address} sport=4000 dport=${port} [UNREPLIED] src=${pod} dst=10.244.0.9 sport=${podPort} dport=4000 mark=1 use=1`;
}

const endpointsOf: EndpointsOf = (frontend) => {
  if (frontend.type === "node-port") return frontend.port === 30053 ? ["10.244.0.2 . 53"] : undefined;
  return frontend.address === "10.96.0.10" && frontend.port === 53 ? ["10.244.0.2 . 53"] : undefined;
};

const found = (...lines: string[]) => stranded(lines, config, endpointsOf);

test("a flow to an endpoint that a service no longer has is stranded, however many clients share it", async () => {
  const line = flow("10.96.0.10:53", "10.244.0.3:53");
  assert.deepEqual(await found(line, line), [
    { address: "10.96.0.10", port: 53, endpoint: "10.244.0.3 . 53" },
  ]);
});

test("a flow to an endpoint that the service has stays", async () => {
  assert.deepEqual(await found(flow("10.96.0.10:53", "10.244.0.2:53")), []);
});

test("a flow to a node port that began before there was an endpoint is stranded", async () => {
  assert.deepEqual(await found(flow("127.0.0.1:30053", "127.0.0.1:30053")), [
    { address: "127.0.0.1", port: 30053, endpoint: "127.0.0.1 . 30053" },
  ]);
});

test("a flow to a service that nobody answers for any more is stranded", async () => {
  assert.equal((await found(flow("10.96.0.11:53", "10.244.0.2:53"))).length, 1);
});

test("flows to others are left alone, also through a node port's number elsewhere", async () => {
  const others = [flow("192.0.2.1:30053", "192.0.2.1:30053"), flow("127.0.0.1:123", "127.0.0.1:123")];
  assert.deepEqual(await found(...others, "conntrack v1.4.7: 2 flow entries have been shown."), []);
});

test("flows that cannot be listed are not taken for none", async () => {
  const spawn = () => ({ stdout: Readable.from([]), exited: Promise.resolve({ exitCode: 1 }) });
  await assert.rejects(
    cutStrandedFlows({ spawn } as unknown as Host, config, endpointsOf),
    /conntrack cannot list UDP flows \(exit code 1\)/,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, PodStatus } from "#api";
import { forbidden, silentLogger } from "#base";
import type { Client } from "#client";
import { VirtualClock } from "#testing";
import { limits } from "../limits.ts";
import { StatusWriter } from "./status-writer.ts";

const pod: Pod = { metadata: { name: "web", namespace: "default", uid: "1" } };

test("a pod's steps on its way up are told together, none later than its time; that it runs is told at once", async () => {
  const clock = new VirtualClock();
  const told: (string | undefined)[] = [];
  const patch = async (_name: string, body: { patch: { status: PodStatus } }) => {
    told.push(`${body.patch.status.phase} ${body.patch.status.podIP}`);
    return {};
  };
  const client = { resource: () => ({ patch }) } as unknown as Client;
  const { signal } = new AbortController();
  const writer = new StatusWriter({ client, clock, logger: silentLogger, signal });
  const publish = (status: PodStatus) =>
    new Promise<void>((resolve) => writer.publish(pod, status, () => resolve()));
  const address = "10.244.0.2";

  void publish({ phase: "Pending" });
  await clock.advance(limits.pendingStatusDelayMs - 1);
  const second = publish({ phase: "Pending", podIP: address });
  assert.deepEqual(told, []);
  await clock.advance(1);
  await second;
  assert.deepEqual(told, [`Pending ${address}`]);
  await publish({ phase: "Running", podIP: address });
  assert.deepEqual(told, [`Pending ${address}`, `Running ${address}`]);
});

test("a status that the node may not write any more, because another node has a pod of that name, is not written again", async () => {
  const clock = new VirtualClock();
  let attempts = 0;
  const patch = async () => {
    attempts += 1;
    throw forbidden({ resource: "pods", name: "web" }, "no relationship found");
  };
  const client = { resource: () => ({ patch }) } as unknown as Client;
  const { signal } = new AbortController();
  const writer = new StatusWriter({ client, clock, logger: silentLogger, signal });
  await new Promise<void>((resolve) => writer.publish(pod, { phase: "Running" }, () => resolve()));
  await clock.advance(limits.statusRetryMaximumMs * 10);
  assert.equal(attempts, 1);
});

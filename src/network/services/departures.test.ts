import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndpointSlice, endpointSlices } from "#api";
import { seededRandom, silentLogger } from "#base";
import { createClient, Informer } from "#client";
import { FakeApiServer, VirtualClock } from "#testing";
import { limits } from "../limits.ts";
import { Departures } from "./departures.ts";

const waiting = new AbortController().signal;

async function departures() {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const client = createClient({ transport: new FakeApiServer(clock), clock, random });
  const ended = new AbortController();
  const slices = new Informer<EndpointSlice>({
    client,
    clock,
    random,
    logger: silentLogger,
    signal: ended.signal,
    resource: endpointSlices,
  });
  await slices.synced;
  const api = client.resource(endpointSlices, "shop");
  return { api, slices, clock, departures: new Departures(slices, clock), end: () => ended.abort() };
}

function slice(conditions: Record<string, boolean>): EndpointSlice {
  const targetRef = { kind: "Pod", name: "web", uid: "u1" };
  return {
    metadata: { name: "web-1", namespace: "shop" },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.0.2"], conditions, targetRef }],
  };
}

/** Whether a promise has ended once all that was under way has. */
async function hasEnded(promise: Promise<unknown>): Promise<boolean> {
  let ended = false;
  void promise.then(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  return ended;
}

test("a pod has left once its slice says that it terminates and the kernel follows", async () => {
  const { api, slices, clock, departures: them, end } = await departures();
  slices.observe(await api.create(slice({ ready: true, serving: true, terminating: false })));
  them.caughtUp();
  const left = them.left("u1", waiting);
  assert.equal(await hasEnded(left), false, "it is in use");
  slices.observe(await api.update(slice({ ready: false, serving: true, terminating: true })));
  them.fellBehind();
  assert.equal(await hasEnded(left), false, "the kernel does not know yet");
  them.caughtUp();
  assert.equal(await hasEnded(left), false, "connections may be on their way");
  await clock.advance(limits.arrivalMs);
  await left;
  end();
});

test("a pod that no service leads to has left already, once the kernel's table is known", async () => {
  const { departures: them, end } = await departures();
  const left = them.left("u1", waiting);
  assert.equal(await hasEnded(left), false, "nothing was programmed yet");
  them.caughtUp();
  await left;
  await them.left("u1", waiting);
  end();
});

test("who no longer waits is told why", async () => {
  const { departures: them, end } = await departures();
  const late = new AbortController();
  const left = them.left("u1", late.signal);
  late.abort(new Error("it is late"));
  await assert.rejects(left, /it is late/);
  await assert.rejects(them.left("u1", late.signal), /it is late/);
  end();
});

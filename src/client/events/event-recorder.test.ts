import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiRequest, events } from "#api";
import { seededRandom, silentLogger } from "#base";
import { FakeApiServer, VirtualClock } from "#testing";
import { createClient } from "../create-client.ts";
import { createEventRecorder, type EventNote } from "./event-recorder.ts";

const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop", uid: "u1" } };
const failed: EventNote = { type: "Warning", reason: "Failed", message: "it broke" };

function newRecorder() {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const client = createClient({ transport: new FakeApiServer(clock), clock, random });
  const recorder = createEventRecorder({ client, clock, random, logger: silentLogger, component: "tester" });
  const written = async () => (await client.resource(events, "shop").list()).items;
  return { clock, client, recorder, written };
}

test("the same note again raises the count", async () => {
  const { recorder, written } = newRecorder();
  for (let time = 0; time < 3; time += 1) recorder.record(pod, failed);
  await recorder.flush();
  const [event, ...others] = await written();
  assert.equal(others.length, 0);
  assert.equal(event?.count, 3);
  assert.equal(event?.involvedObject.uid, "u1");
  assert.equal(event?.source?.component, "tester");
});

test("notes that differ only in their message become one", async () => {
  const { recorder, written } = newRecorder();
  for (let time = 0; time < 20; time += 1) recorder.record(pod, { ...failed, message: `attempt ${time}` });
  await recorder.flush();
  const found = await written();
  assert.equal(found.length, 11);
  assert.equal(found.at(-1)?.message, "(combined from similar events): attempt 19");
  assert.equal(found.at(-1)?.count, 10);
});

test("an object that causes notes without end is cut short", async () => {
  const { clock, recorder, written } = newRecorder();
  for (let time = 0; time < 100; time += 1) recorder.record(pod, failed);
  await recorder.flush();
  assert.equal((await written())[0]?.count, 25);
  await clock.advance(300_000);
  recorder.record(pod, failed);
  await recorder.flush();
  assert.equal((await written())[0]?.count, 26);
});

test("when the counted event is gone a new one is written", async () => {
  const { client, recorder, written } = newRecorder();
  recorder.record(pod, failed);
  await recorder.flush();
  const [event] = await written();
  await client.resource(events, "shop").delete(event?.metadata.name as string);
  recorder.record(pod, failed);
  await recorder.flush();
  assert.equal((await written())[0]?.count, 2);
});

test("events of one moment are named in the order in which they happened", async () => {
  const { recorder, written } = newRecorder();
  const reasons = ["Scheduled", "Pulled", "Created", "Started"];
  for (const reason of reasons) recorder.record(pod, { type: "Normal", reason, message: reason });
  await recorder.flush();
  const byName = (await written()).sort((a, b) =>
    (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1,
  );
  assert.deepEqual(
    byName.map(({ reason }) => reason),
    reasons,
  );
  assert.match(byName[0]?.metadata.name ?? "", /^web\.[0-9a-f]+$/);
});

test("a burst is told to the last, with the time at which it happened", async () => {
  const { clock, recorder, written } = newRecorder();
  for (let at = 0; at < 3_000; at += 1) {
    const metadata = { name: `web-${at}`, namespace: "shop", uid: `u${at}` };
    recorder.record({ ...pod, metadata }, { type: "Normal", reason: "Scheduled", message: `to node-${at}` });
  }
  await clock.advance(1_000);
  await recorder.flush();
  const found = await written();
  assert.equal(found.length, 3_000);
  assert.deepEqual([...new Set(found.map(({ firstTimestamp }) => firstTimestamp))], ["2026-01-01T00:00:00Z"]);
});

/** A server that takes its time, and how many events it was asked to write at each moment. */
function newSlowRecorder(takesMs: number) {
  const clock = new VirtualClock();
  const server = new FakeApiServer(clock);
  const askedAtMs: number[] = [];
  const slow = {
    async request(request: ApiRequest) {
      if (request.method === "POST") askedAtMs.push(clock.monotonicMs());
      await new Promise<void>((resolve) => clock.setTimer(takesMs, resolve));
      return server.request(request);
    },
    close: async () => {},
  };
  const random = seededRandom(1);
  const client = createClient({ transport: slow, clock, random });
  const recorder = createEventRecorder({ client, clock, random, logger: silentLogger, component: "tester" });
  const scheduled = (at: number) => {
    const metadata = { name: `web-${at}`, namespace: "shop", uid: `u${at}` };
    recorder.record({ ...pod, metadata }, { type: "Normal", reason: "Scheduled", message: `to node-${at}` });
  };
  return { clock, recorder, scheduled, askedAtMs };
}

test("what gathers while some are written is written together, and a slow server is left alone for longer than it took", async () => {
  const { clock, scheduled, askedAtMs } = newSlowRecorder(20);
  for (let at = 0; at < 100; at += 1) scheduled(at);
  await clock.advance(1_000);
  // Each 20 ms, and a pause of 20²/10 ms, but for the last: few are told at once.
  assert.deepEqual(countBy(askedAtMs), { 0: 32, 60: 32, 120: 32, 140: 4 });
});

test("a program that ends tells what is left without a pause", async () => {
  const { clock, recorder, scheduled, askedAtMs } = newSlowRecorder(100);
  for (let at = 0; at < 80; at += 1) scheduled(at);
  await clock.advance(150);
  const flushed = recorder.flush();
  await clock.advance(1_000);
  await flushed;
  assert.deepEqual(countBy(askedAtMs), { 0: 32, 150: 32, 250: 16 });
});

test("notes that may become one are written one after the other", async () => {
  const { clock, recorder, scheduled, askedAtMs } = newSlowRecorder(5);
  scheduled(4);
  scheduled(2);
  recorder.record(pod, failed);
  recorder.record(pod, { ...failed, message: "it broke again" });
  scheduled(3);
  await clock.advance(1_000);
  assert.deepEqual(countBy(askedAtMs), { 0: 3, 5: 2 });
});

function countBy(times: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const time of times) counts[time] = (counts[time] ?? 0) + 1;
  return counts;
}

test("a program that ends does not wait for ever to tell of a burst", async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const silent = { request: () => new Promise<never>(() => {}), close: async () => {} };
  const client = createClient({ transport: silent, clock, random });
  const recorder = createEventRecorder({ client, clock, random, logger: silentLogger, component: "tester" });
  recorder.record(pod, failed);
  const flushed = recorder.flush();
  await clock.advance(2_000);
  await flushed;
});

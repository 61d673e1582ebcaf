import assert from "node:assert/strict";
import { test } from "node:test";
import { events } from "#api";
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

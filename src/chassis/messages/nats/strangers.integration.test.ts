import assert from "node:assert/strict";
import { test } from "node:test";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { silentLogger, systemClock } from "#base";
import { lacksNats, realNats } from "#testing";
import { composer } from "../message.ts";
import {
  copiesSubject,
  copySubject,
  delayedSubject,
  partitionOf,
  requestSubject,
  subjectOf,
} from "./names.ts";
import { natsBroker } from "./nats-broker.ts";

test("what a stranger writes into a topic's stream keeps nothing behind it from being handled", {
  skip: lacksNats() ?? false,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  const handled = Promise.withResolvers<unknown[]>();
  const seen: unknown[] = [];
  const subscription = await broker.subscribe({
    topic: "orders",
    subscriber: "shipping",
    async handle({ message: { event } }) {
      seen.push(event.data);
      if (seen.length === 2) handled.resolve(seen);
    },
  });
  const stranger = await connect({ servers: nats.url });
  const second = Math.floor(systemClock.now() / 1_000);
  for (const text of ["not json", "null", "{}"]) {
    await jetstream(stranger).publish(subjectOf("orders", partitionOf("7")), text);
    await jetstream(stranger).publish(delayedSubject("orders", second), text);
  }
  const compose = composer({ source: "/orders" });
  const notBefore = new Date(systemClock.now() + 1);
  await broker.publish([
    compose({ topic: "orders", type: "placed", key: "7", data: 1 }),
    compose({ topic: "orders", type: "placed", key: "8", data: 2, notBefore }),
  ]);
  assert.deepEqual((await handled.promise).toSorted(), [1, 2]);
  await subscription.close();
  await broker.close();
  await stranger.close();
});

test("what a stranger says where requests are taken and copies meet makes nobody deaf", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const broker = await natsBroker({ servers: nats.url, log });
  context.after(() => broker.close());
  const subscription = await broker.subscribe({ topic: "numbers", subscriber: "audit", async handle() {} });
  const answering = await broker.answer({
    topic: "numbers",
    type: "double",
    answer: async () => ({ data: 42 }),
  });
  const stranger = await connect({ servers: nats.url });
  for (const text of ["", "not json", "null", "{}", '{"id":"a","event":null,"remainingMs":5}'])
    for (const subject of [requestSubject("numbers", "double"), copiesSubject("numbers", "audit")])
      stranger.publish(subject, text);
  // Whoever is heard of is asked whether it is there; nobody of such a name can be.
  for (const copy of ["", "no name", "a.>", "a\r\nPUB b 0\r\n", 5, "well-named"])
    stranger.publish(copiesSubject("numbers", "audit"), JSON.stringify({ copy, says: "here" }));
  const asked = Promise.withResolvers<void>();
  stranger.subscribe(copySubject("well-named"), { callback: () => asked.resolve() });
  await stranger.flush();
  await asked.promise;
  const message = composer({ source: "/test" })({ topic: "numbers", type: "double", data: 21 });
  const { signal } = new AbortController();
  assert.deepEqual(await broker.request({ message, timeoutMs: 50_000, signal }), { data: 42 });
  assert.deepEqual(warnings, []);
  await Promise.all([subscription.close(), answering.close(), stranger.close()]);
});

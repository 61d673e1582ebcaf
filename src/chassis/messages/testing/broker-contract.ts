import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom, systemClock } from "#base";
import { current, runAs } from "../../telemetry/mod.ts";
import type { Broker, Delivery } from "../broker.ts";
import { composer } from "../message.ts";
import { again } from "./again.ts";
import { deadLettersContract } from "./dead-letters-contract.ts";
import { reader } from "./reader.ts";
import { requestsContract } from "./requests-contract.ts";
import { schedulesContract } from "./schedules-contract.ts";

/** A broker, and what a test may do to it. */
export interface BrokerHarness {
  readonly broker: Broker;
  /** Cuts the broker's connections, when it has any. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** Tries a promise on a broker of its own. */
export type Contract = (title: string, run: (harness: BrokerHarness) => Promise<void>) => void;

/** What every broker promises. */
export function brokerContract(
  name: string,
  open: () => Promise<BrokerHarness>,
  options: { readonly skip?: string | undefined; readonly timeoutMs?: number } = {},
): void {
  const compose = composer({ source: "/test", random: seededRandom(1) });
  const message = (key: string, data: unknown, topic = "orders") =>
    compose({ topic, type: "counted", key, data });
  const contract: Contract = (title, run) =>
    test(title, { timeout: options.timeoutMs ?? 30_000 }, async () => {
      const harness = await open();
      try {
        await run(harness);
      } finally {
        await harness.close();
      }
    });

  describe(name, { ...(options.skip ? { skip: options.skip } : {}) }, () => {
    contract(
      "every subscriber of a topic gets each message as it was sent, nobody else does",
      async ({ broker }) => {
        const shipping = await reader(broker, { subscriber: "shipping" });
        const billing = await reader(broker, { subscriber: "billing" });
        const returns = await reader(broker, { subscriber: "shipping", topic: "returns" });
        const sent = compose({
          topic: "orders",
          type: "order.placed",
          key: "7",
          data: { total: 12.5, names: ["ä", "'", "\u2028"] },
          subject: "7",
          headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tenant: "blue" },
        });
        await broker.publish([sent]);
        await Promise.all([shipping.got(1), billing.got(1)]);
        await broker.publish([message("7", 1, "returns")]);
        await returns.got(1);
        assert.deepEqual(shipping.messages, [sent]);
        assert.deepEqual(billing.messages, [sent]);
        assert.deepEqual(returns.numbers("7"), [1]);
      },
    );

    contract("what is published under a deadline is handled under none", async ({ broker }) => {
      const around = Promise.withResolvers<unknown>();
      const subscription = await broker.subscribe({
        topic: "orders",
        subscriber: "shipping",
        handle: async () => around.resolve(current()),
      });
      const span = { context: { traceId: "1", spanId: "2", sampled: true }, set() {}, end() {} };
      await runAs({ span, deadlineMs: 5 }, () => broker.publish([message("a", 1)]));
      assert.equal(await around.promise, undefined);
      await subscription.close();
    });

    contract("what is published while no copy runs is there when one comes back", async ({ broker }) => {
      const before = await reader(broker, { subscriber: "shipping" });
      await before.close();
      await broker.publish([message("a", 1), message("a", 2)]);
      const after = await reader(broker, { subscriber: "shipping" });
      await after.got(2);
      assert.deepEqual(after.numbers("a"), [1, 2]);
      assert.deepEqual(before.messages, []);
    });

    contract("copies share the messages, and each key keeps its order between them", async ({ broker }) => {
      const order = new Map<string, number[]>();
      const inHand = new Set<string>();
      const total = 300;
      let count = 0;
      const done = Promise.withResolvers<void>();
      const handle = async ({ message: { event } }: Delivery) => {
        assert.ok(!inHand.has(event.partitionkey), "a key is in one hand at a time");
        inHand.add(event.partitionkey);
        await new Promise(setImmediate);
        inHand.delete(event.partitionkey);
        order.set(event.partitionkey, [...(order.get(event.partitionkey) ?? []), event.data as number]);
        count += 1;
        if (count === total) done.resolve();
      };
      const copies = await Promise.all(
        [1, 2].map(() => broker.subscribe({ topic: "orders", subscriber: "shipping", handle })),
      );
      const keys = ["a", "b", "c", "d", "e", "f"];
      for (let number = 1; number <= total / keys.length; number += 1)
        await broker.publish(keys.map((key) => message(key, number)));
      await done.promise;
      for (const key of keys)
        assert.deepEqual(
          order.get(key),
          Array.from({ length: total / keys.length }, (_, at) => at + 1),
        );
      await Promise.all(copies.map((copy) => copy.close()));
    });

    contract("one that fails is tried again before those behind it; other keys go on", async ({ broker }) => {
      const attempts: string[] = [];
      const handled: string[] = [];
      const done = Promise.withResolvers<void>();
      const subscription = await broker.subscribe({
        topic: "orders",
        subscriber: "shipping",
        retryDelayMs: (attempt) => attempt * 5,
        async handle({ message: { event }, attempt }) {
          const at = `${event.partitionkey}${event.data}`;
          if (at === "a1") attempts.push(`${at} ${attempt}`);
          // Only when the other key went on is there an end to failing.
          if (at === "a1" && (attempt < 3 || !handled.includes("b2"))) throw new Error("not yet");
          handled.push(at);
          if (handled.length === 4) done.resolve();
        },
      });
      await broker.publish([message("a", 1), message("a", 2), message("b", 1), message("b", 2)]);
      await done.promise;
      assert.deepEqual(attempts.slice(0, 3), ["a1 1", "a1 2", "a1 3"]);
      assert.deepEqual(
        handled.filter((at) => at.startsWith("a")),
        ["a1", "a2"],
      );
      await subscription.close();
    });

    contract(
      "a delayed message comes when its moment has, whoever was away meanwhile; others do not wait for it",
      async ({ broker, cut }) => {
        const notBefore = new Date(systemClock.now() + 1_500);
        const before = await reader(broker, { subscriber: "shipping" });
        await broker.publish([
          compose({ topic: "orders", type: "counted", key: "a", data: 1, notBefore }),
          message("a", 2),
        ]);
        await before.got(1);
        assert.deepEqual(before.numbers("a"), [2]);
        await before.close();
        await cut();
        const came = Promise.withResolvers<{ readonly data: unknown; readonly atMs: number }>();
        await again(() =>
          broker.subscribe({
            topic: "orders",
            subscriber: "shipping",
            async handle({ message: { event } }) {
              came.resolve({ data: event.data, atMs: systemClock.now() });
            },
          }),
        );
        const { data, atMs } = await came.promise;
        assert.equal(data, 1);
        assert.ok(atMs >= notBefore.getTime());
      },
    );

    contract("closing waits for what is in hand, and takes nothing more", async ({ broker }) => {
      const started = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const handled: unknown[] = [];
      const subscription = await broker.subscribe({
        topic: "orders",
        subscriber: "shipping",
        async handle({ message: { event } }) {
          started.resolve();
          await finish.promise;
          handled.push(event.data);
        },
      });
      await broker.publish([message("a", 1)]);
      await started.promise;
      const closed = subscription.close();
      await broker.publish([message("a", 2)]);
      finish.resolve();
      await closed;
      assert.deepEqual(handled, [1]);
      const rest = await reader(broker, { subscriber: "shipping" });
      await rest.got(1);
      assert.deepEqual(rest.numbers("a"), [2]);
    });

    contract("connections that are cut lose nothing and keep the order", async ({ broker, cut }) => {
      const copies = await Promise.all([1, 2].map(() => reader(broker, { subscriber: "shipping" })));
      const together = () =>
        new Set(copies.flatMap(({ messages }) => messages.map(({ event }) => event.id))).size;
      for (let number = 1; number <= 30; number += 1) {
        const batch = ["a", "b"].map((key) => message(key, number));
        while (
          !(await broker.publish(batch).then(
            () => true,
            () => false,
          ))
        );
        if (number % 10 === 5) await cut();
      }
      while (together() < 60) await Promise.race(copies.map((copy) => copy.next()));
      const everything = copies.flatMap(({ arrivals }) => arrivals).sort((a, b) => a.at - b.at);
      for (const key of ["a", "b"]) {
        const first = new Set(
          everything
            .filter(({ message: { event } }) => event.partitionkey === key)
            .map(({ message: { event } }) => event.data),
        );
        assert.deepEqual(
          [...first],
          Array.from({ length: 30 }, (_, at) => at + 1),
        );
      }
    });

    deadLettersContract(contract);
    schedulesContract(contract);
    requestsContract(contract);
  });
}

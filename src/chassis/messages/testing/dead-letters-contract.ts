import assert from "node:assert/strict";
import { seededRandom } from "#base";
import type { SubscribeOptions } from "../broker.ts";
import { putAside } from "../dead-letters.ts";
import { composer } from "../message.ts";
import { again } from "./again.ts";
import type { Contract } from "./broker-contract.ts";
import { reader } from "./reader.ts";

/** What every broker promises of messages that cannot be handled. */
export function deadLettersContract(contract: Contract): void {
  const compose = composer({ source: "/test", random: seededRandom(2) });
  const message = (key: string, data: unknown) => compose({ topic: "orders", type: "counted", key, data });
  const shipping = { topic: "orders", subscriber: "shipping" };

  contract(
    "one that always fails is put aside after its attempts, and those behind it go on",
    async ({ broker, cut }) => {
      const billing = await reader(broker, { subscriber: "billing" });
      const attempts: number[] = [];
      const done = Promise.withResolvers<void>();
      const subscription = await broker.subscribe({
        ...shipping,
        attempts: 3,
        retryDelayMs: () => 5,
        async handle({ message: { event }, attempt }) {
          if (event.data === 2) return done.resolve();
          attempts.push(attempt);
          throw new Error(`no parcel is so small: attempt ${attempt}`);
        },
      });
      const sent = message("a", 1);
      await broker.publish([sent, message("a", 2)]);
      await Promise.all([done.promise, billing.got(2)]);
      assert.deepEqual(attempts, [1, 2, 3]);
      await subscription.close();
      await cut();
      const [letter, ...more] = await again(() => broker.deadLetters(shipping).list());
      assert.deepEqual(more, []);
      assert.deepEqual(letter?.message, sent);
      assert.equal(letter?.attempts, 3);
      assert.equal(letter?.error, "no parcel is so small: attempt 3");
      assert.deepEqual(await broker.deadLetters({ ...shipping, subscriber: "billing" }).list(), []);
      assert.deepEqual(await broker.deadLetters({ ...shipping, topic: "returns" }).list(), []);
    },
  );

  contract(
    "redriven, it goes to the subscriber that has failed it, and to nobody else",
    async ({ broker }) => {
      const billing = await reader(broker, { subscriber: "billing" });
      const failing = await moody(broker.subscribe, { ...shipping, attempts: 1 }, [1, 2, 3]);
      const numbers = [1, 2, 3, 4, 5];
      await broker.publish(
        numbers.map((number) => message(number === 3 || number === 5 ? "b" : "a", number)),
      );
      await failing.upTo(2);
      await failing.close();
      const letters = broker.deadLetters(shipping);
      const dataOf = async () => (await letters.list()).map(({ message: { event } }) => event.data);
      assert.deepEqual((await dataOf()).sort(), [1, 2, 3]);
      const mended = await moody(broker.subscribe, { ...shipping, attempts: 1 });
      const chosen = (await letters.list()).filter(({ message: { event } }) => event.data !== 3);
      assert.equal(await letters.redrive(chosen.map(({ number }) => number)), 2);
      await mended.upTo(2);
      assert.deepEqual(mended.handled, ["1 in attempt 1", "2 in attempt 1"]);
      assert.deepEqual(await dataOf(), [3]);
      assert.equal(await letters.redrive("all"), 1);
      await mended.upTo(3);
      assert.deepEqual(await letters.list(), []);
      // What comes last shows that nothing came before it.
      await broker.publish([message("a", 6), message("b", 6)]);
      await billing.got(7);
      assert.deepEqual(billing.numbers("a"), [1, 2, 4, 6]);
      assert.deepEqual(billing.numbers("b"), [3, 5, 6]);
      await mended.close();
    },
  );

  contract("what is redriven in vain is put aside again", async ({ broker }) => {
    const letters = broker.deadLetters(shipping);
    const before = await moody(broker.subscribe, { ...shipping, attempts: 1 }, [1]);
    await broker.publish([message("a", 1), message("a", 2)]);
    await before.upTo(1);
    await before.close();
    const [first] = await letters.list();
    assert.equal(await letters.redrive("all"), 1);
    const after = await moody(broker.subscribe, { ...shipping, attempts: 1 }, [1]);
    await broker.publish([message("a", 3)]);
    await after.upTo(1);
    await after.close();
    const [again, ...more] = await letters.list();
    assert.deepEqual(more, []);
    assert.deepEqual(again?.message, first?.message);
    assert.notEqual(again?.number, first?.number);
  });

  contract(
    "what a handler calls hopeless is put aside at once; discarded, it is gone",
    async ({ broker }) => {
      const attempts: number[] = [];
      const done = Promise.withResolvers<void>();
      const subscription = await broker.subscribe({
        ...shipping,
        async handle({ message: { event }, attempt }) {
          attempts.push(attempt);
          if (event.data === "?") throw putAside("it is no number");
          done.resolve();
        },
      });
      await broker.publish([message("a", "?"), message("a", 2)]);
      await done.promise;
      assert.deepEqual(attempts, [1, 1]);
      await subscription.close();
      const letters = broker.deadLetters(shipping);
      assert.deepEqual(
        (await letters.list()).map(({ error }) => error),
        ["it is no number"],
      );
      assert.equal(await letters.redrive(["0", "none", "9".repeat(30)]), 0);
      assert.equal(await letters.discard("all"), 1);
      assert.deepEqual(await letters.list(), []);
      assert.equal(await letters.discard("all"), 0);
    },
  );

  contract("whatever characters names have in them, they keep nothing from going on", async ({ broker }) => {
    const letters = broker.deadLetters(shipping);
    const odd = compose({ topic: "orders", type: "counted", key: "a\0", id: "i\0", data: 1 });
    const failing = await moody(broker.subscribe, { ...shipping, attempts: 1 }, [1]);
    await broker.publish([odd, message("a\0", 2)]);
    await failing.upTo(1);
    await failing.close();
    assert.deepEqual((await letters.list())[0]?.message, odd);
    assert.equal(await letters.redrive("all"), 1);
    const mended = await moody(broker.subscribe, shipping);
    await mended.upTo(1);
    await mended.close();
  });

  contract(
    "an attempt that breaks off because the subscription is closed is not counted",
    async ({ broker }) => {
      const begun = Promise.withResolvers<void>();
      const patient = await broker.subscribe({
        ...shipping,
        attempts: 1,
        async handle({ signal }) {
          begun.resolve();
          await new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          });
        },
      });
      await broker.publish([message("a", 1)]);
      await begun.promise;
      await patient.close();
      const other = await moody(broker.subscribe, shipping);
      await other.upTo(1);
      await other.close();
      assert.deepEqual(other.handled, ["1 in attempt 1"]);
      assert.deepEqual(await broker.deadLetters(shipping).list(), []);
    },
  );
}

/** A subscriber that fails some of what it gets, and remembers the rest. */
async function moody(
  subscribe: (options: SubscribeOptions) => Promise<{ close(): Promise<void> }>,
  options: Omit<SubscribeOptions, "handle">,
  failing: readonly unknown[] = [],
) {
  const handled: string[] = [];
  let heard = Promise.withResolvers<void>();
  const subscription = await subscribe({
    ...options,
    async handle({ message: { event }, attempt }) {
      if (failing.includes(event.data)) throw new Error(`${event.data} cannot be handled`);
      handled.push(`${event.data} in attempt ${attempt}`);
      heard.resolve();
      heard = Promise.withResolvers();
    },
  });
  return {
    handled,
    async upTo(count: number) {
      while (handled.length < count) await heard.promise;
    },
    close: () => subscription.close(),
  };
}

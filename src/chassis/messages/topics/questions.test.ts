import assert from "node:assert/strict";
import { test } from "node:test";
import { logger } from "#base";
import { VirtualClock } from "#testing";
import { type Problem, problem } from "../../http/problem.ts";
import { t } from "../../http/schema.ts";
import { runAs } from "../../telemetry/mod.ts";
import { memoryBroker } from "../memory-broker.ts";
import { topic } from "./mod.ts";

const prices = topic({
  name: "prices",
  events: {},
  questions: {
    quote: {
      asks: t.object({ item: t.string(), count: t.defaulted(t.integer({ minimum: 1 }), 1) }),
      answers: t.object({ cents: t.integer() }),
    },
    hint: { asks: t.object({}), answers: t.string() },
  },
});
const options = { source: "/orders" };

test("a question is asked and answered in the types of its topic, with defaults", async () => {
  const broker = memoryBroker();
  const answering = await prices.answer(broker, {
    quote: async ({ data }) => ({ cents: data.item.length * data.count }),
    hint: async ({ event }) => `${event.source} asks`,
  });
  const { cents } = await prices.ask(broker, { type: "quote", data: { item: "pear" } }, options);
  const more = await prices.ask(broker, { type: "quote", data: { item: "pear", count: 3 } }, options);
  assert.deepEqual([cents, more.cents], [4, 12]);
  assert.equal(await prices.ask(broker, { type: "hint", data: {} }, options), "/orders asks");
  await answering.close();
});

test("a question goes along in the trace of whoever asks", async () => {
  const broker = memoryBroker();
  const answering = await prices.answer(broker, { hint: async ({ event }) => String(event.traceparent) });
  const context = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
  const span = { context, set() {}, end() {} };
  const hint = await runAs({ span }, () => prices.ask(broker, { type: "hint", data: {} }, options));
  assert.equal(hint, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  await answering.close();
});

test("errors are problems: what does not fit, what is refused, what went wrong", async () => {
  const broker = memoryBroker();
  const answering = await prices.answer(broker, {
    async quote({ data }) {
      if (data.item === "moon")
        throw problem(404, "there is no moon", { type: "https://shop.example/unknown" });
      if (data.item === "sun") throw new Error("a secret");
      return { cents: 0.5 };
    },
  });
  const failure = async (item: string, count = 1): Promise<Problem> =>
    prices.ask(broker, { type: "quote", data: { item, count } }, options).then(
      () => assert.fail(),
      (error) => error,
    );
  const missing = await failure("moon");
  assert.deepEqual(
    [missing.status, missing.message, missing.type],
    [404, "there is no moon", "https://shop.example/unknown"],
  );
  const wrong = await failure("sun");
  assert.equal(wrong.status, 500);
  assert.doesNotMatch(wrong.message, /secret/);
  assert.equal((await failure("half")).status, 500);
  const unfit = await failure("pear", 0);
  assert.deepEqual(
    [unfit.status, unfit.errors],
    [400, [{ in: "body", pointer: "/count", detail: "must be >= 1" }]],
  );
  await answering.close();
});

test("what whoever answers asks on ends when nobody waits any more, and that is no error of its own", async () => {
  const broker = memoryBroker();
  const errors: string[] = [];
  const log = logger((level, message) => errors.push(`${level}: ${message}`), "error");
  const asking = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<unknown>();
  const answering = await prices.answer(
    broker,
    {
      quote: () => {
        const asked = prices.ask(broker, { type: "hint", data: {} }, { ...options, timeoutMs: 60_000 });
        asked.catch(broken.resolve);
        asking.resolve();
        return asked as Promise<never>;
      },
    },
    { log },
  );
  const going = new AbortController();
  const asked = prices.ask(
    broker,
    { type: "quote", data: { item: "pear" } },
    { ...options, signal: going.signal },
  );
  await asking.promise;
  going.abort(new Error("it does not matter any more"));
  await assert.rejects(asked, /it does not matter any more/);
  await broken.promise;
  await answering.close();
  assert.deepEqual(errors, []);
});

test("what nobody answers in time is a problem 504, and whoever has it hears that nobody waits", async () => {
  const clock = new VirtualClock();
  const broker = memoryBroker({ clock });
  const dropped = Promise.withResolvers<void>();
  const answering = await prices.answer(broker, {
    quote: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          dropped.resolve();
          reject(signal.reason);
        });
      }),
  });
  const asked = prices.ask(
    broker,
    { type: "quote", data: { item: "pear" } },
    { ...options, clock, timeoutMs: 300 },
  );
  const late = assert.rejects(asked, ({ status }: Problem) => status === 504);
  await clock.advance(300);
  await late;
  await dropped.promise;
  await answering.close();
  const unanswered = prices.ask(broker, { type: "hint", data: {} }, { ...options, clock, timeoutMs: 300 });
  const nobody = assert.rejects(unanswered, ({ status }: Problem) => status === 504);
  await clock.advance(300);
  await nobody;
});

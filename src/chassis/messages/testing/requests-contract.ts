import assert from "node:assert/strict";
import { seededRandom, systemClock } from "#base";
import { perform } from "../../calls/perform.ts";
import type { Problem } from "../../http/problem.ts";
import { current } from "../../telemetry/mod.ts";
import { composer } from "../message.ts";
import type { Asked, Reply } from "../requests/requests.ts";
import type { Contract } from "./broker-contract.ts";

/** What every broker promises of requests. */
export function requestsContract(contract: Contract): void {
  const compose = composer({ source: "/test", random: seededRandom(9) });
  const question = (data: unknown, type = "double") => compose({ topic: "numbers", type, data });
  const doubles = { topic: "numbers", type: "double" };
  const patient = () => ({ timeoutMs: 20_000, signal: new AbortController().signal });
  const double = async ({ message }: Asked): Promise<Reply> => ({ data: 2 * (message.event.data as number) });

  contract("a request is answered by one of those who answer its type", async ({ broker }) => {
    const asked: Asked[] = [];
    const answering = await Promise.all(
      [1, 2].map(() =>
        broker.answer({
          ...doubles,
          async answer(request) {
            asked.push(request);
            return double(request);
          },
        }),
      ),
    );
    const other = await broker.answer({ ...doubles, type: "half", answer: async () => ({ data: "half" }) });
    const sent = question(21);
    assert.deepEqual(await broker.request({ message: sent, ...patient() }), { data: 42 });
    assert.deepEqual(await broker.request({ message: question(1, "half"), ...patient() }), { data: "half" });
    assert.equal(asked.length, 1);
    assert.deepEqual(asked[0]?.message, sent);
    const many = Array.from({ length: 50 }, (_, at) =>
      broker.request({ message: question(at), ...patient() }),
    );
    assert.deepEqual(
      await Promise.all(many),
      many.map((_, at) => ({ data: 2 * at })),
    );
    assert.equal(asked.length, 51);
    await Promise.all([...answering, other].map((each) => each.close()));
  });

  contract("who answers by failing is asked once, and whoever asked hears of it", async ({ broker }) => {
    let asked = 0;
    const answering = await broker.answer({
      ...doubles,
      async answer() {
        asked += 1;
        throw new Error("the stack of a stranger");
      },
    });
    const reply = await broker.request({ message: question(1), ...patient() });
    assert.ok("problem" in reply);
    assert.deepEqual(
      [reply.problem.status, reply.problem.detail, asked],
      [500, "whoever answers this has failed", 1],
    );
    await answering.close();
  });

  contract(
    "who asks before anybody answers waits for them; closing finishes what is in hand",
    async ({ broker }) => {
      const begun = Promise.withResolvers<number>();
      const finish = Promise.withResolvers<void>();
      const answered = broker.request({ message: question(4), ...patient() });
      const answering = await broker.answer({
        ...doubles,
        async answer(asked) {
          begun.resolve(asked.remainingMs());
          await finish.promise;
          return double(asked);
        },
      });
      const remainingMs = await begun.promise;
      assert.ok(remainingMs > 0 && remainingMs <= 20_000);
      const closed = answering.close();
      finish.resolve();
      await closed;
      assert.deepEqual(await answered, { data: 8 });
    },
  );

  contract("who is not answered in time hears so, whatever its own signal says", async ({ broker }) => {
    const late = ({ status }: Problem) => status === 504;
    const { signal } = new AbortController();
    await assert.rejects(broker.request({ message: question(1), timeoutMs: 200, signal }), late);
    const dropped = Promise.withResolvers<void>();
    const answering = await broker.answer({
      ...doubles,
      async answer(asked) {
        if (asked.message.event.data === 5) return double(asked);
        asked.signal.addEventListener("abort", () => dropped.resolve());
        return new Promise((_, reject) => asked.signal.addEventListener("abort", reject));
      },
    });
    await assert.rejects(broker.request({ message: question(1), timeoutMs: 200, signal }), late);
    await dropped.promise;
    await assert.rejects(broker.request({ message: question(1), timeoutMs: 0, signal }), late);
    const patience = { timeoutMs: Number.POSITIVE_INFINITY, signal };
    assert.deepEqual(await broker.request({ message: question(5), ...patience }), { data: 10 });
    await answering.close();
  });

  contract("closing waits for nobody who answers too late and does not listen", async ({ broker }) => {
    const begun = Promise.withResolvers<void>();
    const answering = await broker.answer({
      ...doubles,
      answer() {
        begun.resolve();
        return new Promise(() => {});
      },
    });
    const signal = new AbortController().signal;
    const request = broker.request({ message: question(1), timeoutMs: 500, signal });
    const late = assert.rejects(request, ({ status }: Problem) => status === 504);
    await begun.promise;
    await answering.close();
    await late;
  });

  contract("when nobody waits any more, whoever answers hears of it", async ({ broker }) => {
    const begun = Promise.withResolvers<AbortSignal>();
    const answering = await broker.answer({
      ...doubles,
      async answer({ signal }) {
        begun.resolve(signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    const going = new AbortController();
    const request = broker.request({ message: question(1), timeoutMs: 20_000, signal: going.signal });
    const signal = await begun.promise;
    const dropped = new Promise((resolve) => signal.addEventListener("abort", resolve));
    going.abort(new Error("it does not matter any more"));
    await assert.rejects(request, /it does not matter any more/);
    await dropped;
    await answering.close();
  });

  contract("odd characters in a type keep no others from being asked", async ({ broker }) => {
    const odd = { topic: "numbers", type: "dou\0ble" };
    const answering = await Promise.all(
      [odd, doubles].map(({ topic, type }) => broker.answer({ topic, type, answer: double })),
    );
    const both = [question(1, odd.type), question(2)].map((message) =>
      broker.request({ message, ...patient() }),
    );
    assert.deepEqual(await Promise.all(both), [{ data: 2 }, { data: 4 }]);
    await Promise.all(answering.map((each) => each.close()));
  });

  contract("what is done to answer a request is over with it, and part of its trace", async ({ broker }) => {
    const begun = Promise.withResolvers<{ leftMs: number; traceId: string | undefined }>();
    const broken = Promise.withResolvers<unknown>();
    const answering = await broker.answer({
      ...doubles,
      answer: () =>
        perform<Reply>({ target: "the price list", timeoutMs: 60_000 }, ({ deadlineMs, signal }) => {
          const leftMs = deadlineMs - systemClock.monotonicMs();
          begun.resolve({ leftMs, traceId: current()?.span?.context.traceId });
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }).catch((error) => {
          broken.resolve(error);
          throw error;
        }),
    });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const message = compose({ topic: "numbers", type: "double", data: 1, headers });
    const going = new AbortController();
    const request = broker.request({ message, timeoutMs: 20_000, signal: going.signal });
    const inHand = await begun.promise;
    assert.equal(inHand.traceId, traceId);
    assert.ok(inHand.leftMs > 0 && inHand.leftMs <= 20_000, `${inHand.leftMs} ms were left`);
    going.abort(new Error("it does not matter any more"));
    await assert.rejects(request);
    assert.ok((await broken.promise) instanceof Error);
    await answering.close();
  });

  contract("connections that are cut do not keep a request from being answered", async ({ broker, cut }) => {
    const begun = Promise.withResolvers<void>();
    const afterCut = Promise.withResolvers<void>();
    const answering = await broker.answer({
      ...doubles,
      async answer(asked) {
        begun.resolve();
        await afterCut.promise;
        return double(asked);
      },
    });
    const answered = broker.request({ message: question(5), ...patient() });
    await begun.promise;
    await cut();
    afterCut.resolve();
    assert.deepEqual(await answered, { data: 10 });
    await answering.close();
  });

  contract(
    "what hangs in the hand of who was cut off keeps no others from being answered",
    async ({ broker, cut }) => {
      const begun = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const answering = await broker.answer({
        ...doubles,
        async answer(asked) {
          if (asked.message.event.data === 1) {
            begun.resolve();
            await finish.promise;
          }
          return double(asked);
        },
      });
      const signal = new AbortController().signal;
      const hanging = broker.request({ message: question(1), timeoutMs: 600_000, signal });
      await begun.promise;
      await cut();
      assert.deepEqual(await broker.request({ message: question(5), ...patient() }), { data: 10 });
      finish.resolve();
      assert.deepEqual(await hanging, { data: 2 });
      await answering.close();
    },
  );
}

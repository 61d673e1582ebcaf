import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksNats, realNats } from "#testing";
import { cuttableLine } from "../mesh/testing/cuttable-line.ts";
import { composer } from "../message.ts";
import { natsBroker } from "./nats-broker.ts";

test("whoever has a request in hand that is asked again, because who asks was cut off, hears that it is dropped", {
  skip: lacksNats() ?? false,
  timeout: 30_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const line = await cuttableLine(Number(new URL(nats.url).port));
  context.after(() => line.close());
  const here = await natsBroker({ servers: `nats://127.0.0.1:${line.port}` });
  context.after(() => here.close());
  const there = await natsBroker({ servers: nats.url });
  context.after(() => there.close());

  const begun = Promise.withResolvers<void>();
  const dropped = Promise.withResolvers<void>();
  let attempts = 0;
  const answering = await there.answer({
    topic: "numbers",
    type: "double",
    async answer({ signal }) {
      attempts += 1;
      if (attempts > 1) return { data: 42 };
      begun.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          dropped.resolve();
          reject(signal.reason);
        });
      });
    },
  });
  const message = composer({ source: "/test" })({ topic: "numbers", type: "double", data: 21 });
  const answered = here.request({ message, timeoutMs: 600_000, signal: new AbortController().signal });
  await begun.promise;
  line.cut();
  line.heal();
  assert.deepEqual(await answered, { data: 42 });
  await dropped.promise;
  await answering.close();
});

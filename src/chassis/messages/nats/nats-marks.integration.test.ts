import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksNats, realNats, VirtualClock } from "#testing";
import type { Step } from "../marks.ts";
import { composer } from "../message.ts";
import { schedule } from "../schedules/schedule.ts";
import { reader } from "../testing/reader.ts";
import { natsBroker } from "./nats-broker.ts";

test("two copies that make up for missed ticks at different moments say each once", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  const audit = await reader(broker, { subscriber: "audit" });
  context.after(() => audit.close());
  const mark = "schedule hourly";
  await broker.marks.move({ mark, from: undefined, to: "10000", messages: [] });

  // Each decides before the other has moved the mark.
  const both = Promise.withResolvers<void>();
  let deciding = 0;
  const marks = {
    ...broker.marks,
    async move(step: Step) {
      if (++deciding === 2) both.resolve();
      await both.promise;
      return broker.marks.move(step);
    },
  };
  const clocks = [new VirtualClock(12_000), new VirtualClock(13_000)];
  const copies = await Promise.all(
    clocks.map((clock) =>
      schedule({
        broker: { marks },
        clock,
        name: "hourly",
        source: "/test",
        every: { ms: 1_000 },
        missed: "all",
        say: (tick) => ({ topic: "orders", type: "ticked", data: tick.getTime() }),
      }),
    ),
  );
  while ((await broker.marks.read(mark)) !== "13000")
    await Promise.all(clocks.map((clock) => clock.advance(0)));
  await Promise.all(copies.map((copy) => copy.close()));
  const compose = composer({ source: "/test" });
  await broker.publish([compose({ topic: "orders", type: "counted", key: "hourly", data: "end" })]);
  while (audit.numbers("hourly").at(-1) !== "end") await audit.next();
  assert.deepEqual(audit.numbers("hourly"), [11_000, 12_000, 13_000, "end"]);
});

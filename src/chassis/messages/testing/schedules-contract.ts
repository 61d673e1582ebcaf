import assert from "node:assert/strict";
import { seededRandom, systemClock } from "#base";
import { VirtualClock } from "#testing";
import { composer } from "../message.ts";
import { schedule } from "../schedules/schedule.ts";
import type { Contract } from "./broker-contract.ts";
import { reader } from "./reader.ts";

/** What every broker promises of marks, and of the schedules that stand on them. */
export function schedulesContract(contract: Contract): void {
  const compose = composer({ source: "/test", random: seededRandom(6) });
  const message = (data: unknown) => compose({ topic: "orders", type: "counted", key: "a", data });

  contract("of those who move a mark from the same place one does, and publishes", async ({ broker }) => {
    const shipping = await reader(broker, { subscriber: "shipping" });
    assert.equal(await broker.marks.read("day"), undefined);
    for (const [from, to] of [
      [undefined, "monday"],
      ["monday", "tuesday"],
    ] as const) {
      const copies = [1, 2, 3].map(() =>
        broker.marks.move({ mark: "day", from, to, messages: [message(to)] }),
      );
      assert.equal((await Promise.all(copies)).filter(Boolean).length, 1);
      assert.equal(await broker.marks.read("day"), to);
    }
    assert.equal(
      await broker.marks.move({ mark: "day", from: "monday", to: "sunday", messages: [message("sunday")] }),
      false,
    );
    assert.equal(await broker.marks.read("week"), undefined);
    await broker.publish([message("last")]);
    await shipping.got(3);
    assert.deepEqual(shipping.numbers("a"), ["monday", "tuesday", "last"]);
  });

  contract(
    "of a schedule each tick is said once, though three copies run, one ends and connections are cut",
    async ({ broker, cut }) => {
      await (await reader(broker, { subscriber: "audit" })).close();
      const clock = new VirtualClock(systemClock.now());
      const copy = () =>
        schedule({
          broker,
          clock,
          name: "hourly",
          source: "/test",
          every: { ms: 1_000 },
          missed: "all",
          say: (tick) => ({ topic: "orders", type: "ticked", data: tick.getTime() }),
        });
      const copies = await Promise.all([copy(), copy(), copy()]);
      const first = Math.ceil(clock.now() / 1_000) * 1_000;
      const until = async (tick: number) => {
        const at = () => broker.marks.read("schedule hourly").catch(() => undefined);
        // What waits for another attempt waits by the clock, too.
        while (Number((await at()) ?? 0) < tick) await clock.advance(100);
      };
      await until(first + 3_000);
      await copies.pop()?.close();
      await until(first + 6_000);
      await cut();
      await until(first + 9_000);
      await Promise.all(copies.map((each) => each.close()));
      const said = Number(await broker.marks.read("schedule hourly"));
      await broker.publish([compose({ topic: "orders", type: "counted", key: "hourly", data: "end" })]);
      const audit = await reader(broker, { subscriber: "audit" });
      while (audit.numbers("hourly").at(-1) !== "end") await audit.next();
      const ticks = Array.from({ length: (said - first) / 1_000 + 1 }, (_, at) => first + at * 1_000);
      assert.deepEqual(audit.numbers("hourly"), [...ticks, "end"]);
    },
  );
}

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "#base";
import { startProgram } from "#testing";
import { composer } from "../message.ts";
import { atEachBroker } from "../testing/at-each-broker.ts";
import { reader } from "../testing/reader.ts";

/** A tick takes five questions at most; each of them is some copy's last. */
atEachBroker(
  "each tick is said once, whichever copy is killed while it says it",
  async (context, broker, where) => {
    const audit = await reader(broker, { subscriber: "audit" });
    context.after(() => audit.close());
    const begin = systemClock.now();
    await broker.marks.move({ mark: "schedule quick", from: undefined, to: String(begin), messages: [] });
    const program = join(import.meta.dirname, "../testing/schedule-copy.ts");
    const copy = (lastQuestion: number) => startProgram(context, program, [...where, String(lastQuestion)]);
    for (const [one, other] of [
      [1, 2],
      [3, 4],
    ] as const)
      assert.deepEqual(await Promise.all([copy(one).ended, copy(other).ended]), ["SIGKILL", "SIGKILL"]);
    const survivor = copy(0);
    assert.equal(await copy(5).ended, "SIGKILL");

    await audit.got(audit.arrivals.length + 3);
    await survivor.kill();
    await broker.publish([
      composer({ source: "/test" })({ topic: "orders", type: "counted", key: "quick", data: "end" }),
    ]);
    while (audit.numbers("quick").at(-1) !== "end") await audit.next();
    const ticks = audit.numbers("quick").slice(0, -1) as number[];
    const first = Math.floor(begin / 200) * 200 + 200;
    assert.deepEqual(
      ticks,
      Array.from({ length: ticks.length }, (_, at) => first + at * 200),
    );
  },
);

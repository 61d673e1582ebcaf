import assert from "node:assert/strict";
import { test } from "node:test";
import { settled, VirtualClock } from "#testing";
import type { Database } from "../../database/database.ts";
import { Removal } from "./removal.ts";

test("a row that is published while others are looked for again is looked for again itself", async () => {
  const asked: {
    readonly positions: readonly string[];
    readonly answer: (gone: readonly string[]) => void;
  }[] = [];
  const database = {
    query: (_: string, [positions]: [readonly string[]]) =>
      new Promise((resolve) => {
        asked.push({
          positions,
          answer: (gone) => resolve({ rows: gone.map((position) => ({ position })) }),
        });
      }),
  } as unknown as Database;
  const clock = new VirtualClock();
  const removal = new Removal(database, clock);
  const answer = async (turn: number, gone: readonly string[]) => {
    asked[turn]?.answer(gone);
    await settled();
  };
  const row = (position: string) => ({ position, topic: "orders", event: "{}" });

  void removal.remove([row("1")]);
  await answer(0, []);
  await clock.advance(5);
  void removal.remove([row("2")]);
  // The timer's is answered last, and knows nothing of 2.
  await answer(2, []);
  await answer(1, ["1"]);
  await clock.advance(1_000);
  assert.deepEqual(
    asked.map(({ positions }) => positions),
    [["1"], ["1"], ["1", "2"], ["2"]],
  );
  removal.stop();
});

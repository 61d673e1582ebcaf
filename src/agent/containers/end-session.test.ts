import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { ManualClock } from "#testing";
import { endSession } from "./end-session.ts";

test("a command that cannot be killed yet is killed when it can be", async () => {
  const clock = new ManualClock();
  const exited = Promise.withResolvers<number>();
  let kills = 0;
  const session = {
    stdin: undefined,
    stdout: new PassThrough(),
    stderr: undefined,
    resize: () => {},
    exited: exited.promise,
    kill() {
      kills += 1;
      if (clock.monotonicMs() >= 100) exited.resolve(137);
    },
  };
  endSession(session, clock);
  assert.equal(kills, 1);
  await clock.advance(1_000);
  assert.equal(await exited.promise, 137);
  assert.equal(kills, 4);
  await clock.advance(60_000);
  assert.equal(kills, 4);
});

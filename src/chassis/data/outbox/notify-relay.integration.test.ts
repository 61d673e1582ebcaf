import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksPostgres, realPostgres, VirtualClock } from "#testing";
import { limits } from "../limits.ts";
import { notifyRelay } from "./notify-relay.ts";
import { openWorld, watched } from "./testing/outbox-world.ts";

test("a relay that is notified asks for nothing while nothing happens, but looks after a while", {
  skip: lacksPostgres(),
}, async (t) => {
  const postgres = await realPostgres();
  t.after(() => postgres.stop());
  const world = await openWorld(postgres);
  t.after(() => world.close());
  // Time stands still: whatever moves is moved by a notification.
  const clock = new VirtualClock();
  let looks = 0;
  let looked = () => {};
  const before = () => {
    looks += 1;
    looked();
  };
  const database = watched(world.database, { before });
  world.start((options) => notifyRelay({ ...options, database, clock }));
  for (let count = 1; count <= 3; count += 1) {
    await world.add("a", 1);
    await world.published(count);
  }
  await world.empty();
  while (clock.pending === 0) await world.database.query("select 1");
  const atRest = looks;
  await world.database.query("insert into counters values ('not a message', 1)");
  assert.equal(looks, atRest);
  const looksAgain = new Promise<void>((resolve) => {
    looked = resolve;
  });
  await clock.advance(limits.safetyLookMs);
  await looksAgain;
});

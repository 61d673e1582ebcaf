import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { silentLogger } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import { drain } from "./drain.ts";
import { logRelay } from "./log-relay.ts";
import { notifyRelay } from "./notify-relay.ts";
import { pollingRelay } from "./polling-relay.ts";
import { openWorld } from "./testing/outbox-world.ts";

describe("an outbox whose rows cannot be removed", { skip: lacksPostgres(), timeout: 60_000 }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openStuck() {
    const world = await openWorld(postgres);
    await world.database.query(`
      create function keep() returns trigger language plpgsql as 'begin return null; end';
      create trigger keep before delete on chassis.outbox for each row when (old.key = 'kept') execute function keep()`);
    await world.add("kept", 1);
    await world.add("other", 1);
    return world;
  }

  const times = (world: Awaited<ReturnType<typeof openStuck>>, key: string) =>
    world.received.filter(({ event }) => event.partitionkey === key).length;

  for (const relay of [pollingRelay, notifyRelay, logRelay])
    test(`is published by a ${relay.name} once per wait, ever longer, and it says why`, async (t) => {
      const world = await openStuck();
      t.after(() => world.close());
      const clock = new VirtualClock();
      let said = Promise.withResolvers<string>();
      const log = { ...silentLogger, warn: (message: string) => said.resolve(message) };
      world.start((options) => relay({ ...options, clock, log }));
      for (const [index, waitMs] of [50, 200, 1_000, 5_000].entries()) {
        assert.match(
          await said.promise,
          new RegExp(`goes on in ${waitMs} ms: .*cannot be removed.*a trigger`),
        );
        assert.equal(times(world, "kept"), index + 1);
        said = Promise.withResolvers();
        await clock.advance(waitMs);
      }
      assert.equal(times(world, "other"), 1, "what could be removed is not said again");
    });

  test("fails to be drained", async (t) => {
    const world = await openStuck();
    t.after(() => world.close());
    await assert.rejects(
      drain(world.database, { publish: async () => {} }),
      /published messages cannot be removed from chassis.outbox \(1 of 2\)/,
    );
  });
});

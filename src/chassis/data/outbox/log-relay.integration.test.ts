import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import type { Database } from "../../database/database.ts";
import { limits } from "../limits.ts";
import { logRelay, type SlotGivenUp } from "./log-relay.ts";
import { pollingRelay } from "./polling-relay.ts";
import { openWorld, upTo, watched } from "./testing/outbox-world.ts";

describe("the slot of the log relay", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  test("is given up, with an alarm, when the server keeps too much log for it; then the relay polls, and reads again", async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    const alarm = Promise.withResolvers<SlotGivenUp>();
    world.start((options) =>
      logRelay({ ...options, slotBytes: 1_000_000, slotCheckMs: 20, onSlotGivenUp: alarm.resolve }),
    );
    await untilSlots(world.database, 1);
    world.refuse = () => true;
    const text = "x".repeat(50_000);
    const more = limits.relayBatch + Math.ceil(limits.logQueueBytes / text.length) + 1;
    await world.database.transaction((transaction) =>
      world.outbox.add(
        transaction,
        ...Array.from({ length: more }, (_, index) => ({
          topic: "orders",
          type: "counted",
          key: "bulk",
          data: index + 1,
          headers: { text },
        })),
      ),
    );
    // The rest of the log need not be the outbox's: the relay has stopped reading, so all of it is kept.
    for (let segment = 0; segment < 2; segment += 1) {
      await world.add("a", 1);
      await world.database.query("select pg_switch_wal()");
    }
    const { heldBytes, limitBytes } = await alarm.promise;
    assert.ok(heldBytes > limitBytes, `${heldBytes} bytes were kept, ${limitBytes} allowed`);
    world.refuse = () => false;
    await world.published(more + 2);
    await untilSlots(world.database, 1);
    await world.add("a", 2);
    await world.published(more + 4);
    assert.deepEqual(world.firstOf("a"), upTo(4));
    assert.deepEqual(world.firstOf("bulk"), upTo(more));
  });

  test("does not outlive the relay", async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    world.start(logRelay);
    await untilSlots(world.database, 1);
    await postgres.terminateBackends();
    await world.stop();
    await untilSlots(world.database, 0);
  });

  test("is not waited for by a relay that is stopped while it connects", { timeout: 30_000 }, async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    world.start(logRelay);
    await untilSlots(world.database, 1);
    const stop = new AbortController();
    const slowly: Database = {
      ...world.database,
      async session() {
        const session = await world.database.session();
        stop.abort();
        return session;
      },
    };
    await logRelay({ database: slowly, broker: { publish: async () => {} } }).run(stop.signal);
  });

  test("is read only when no other relay has messages from before it in hand", {
    timeout: 30_000,
  }, async (t) => {
    const world = await openWorld(postgres);
    const clock = new VirtualClock();
    const sent = Promise.withResolvers<void>();
    t.after(() => {
      sent.resolve();
      return world.close();
    });
    /** Another relay, between the slot and the drain. */
    const takeInHand = () =>
      new Promise<void>((inHand) =>
        world.start(({ broker, ...options }) => {
          const publish: typeof broker.publish = async (messages) => {
            inHand();
            await sent.promise;
            await broker.publish(messages);
          };
          return pollingRelay({ ...options, broker: { publish } });
        }),
      );
    let drains = 0;
    const looked = watched(world.database, {
      async before() {
        drains += 1;
        if (drains === 2) await takeInHand();
      },
    });
    const database: Database = {
      ...looked,
      async replication() {
        await world.add("a", 2);
        return world.database.replication();
      },
    };
    world.start((options) => logRelay({ ...options, database, clock }));
    while (drains < 2) await world.database.query("select");
    await world.add("a", 1);
    while (drains < 4 && world.different() === 0) await clock.advance(limits.quickPollMs);
    assert.deepEqual(world.firstOf("a"), []);
    sent.resolve();
    await world.published(3);
    assert.deepEqual(world.firstOf("a"), upTo(3));
  });

  test("does not tell all: a message that could not be removed is found, and its key goes on", {
    timeout: 30_000,
  }, async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    const clock = new VirtualClock();
    let draining = false;
    let tailing = false;
    const database = watched(world.database, {
      before() {
        draining = true;
      },
      after() {
        draining = false;
      },
    });
    world.start(({ broker, ...options }) => {
      const publish: typeof broker.publish = (messages) => {
        tailing = !draining;
        return broker.publish(messages);
      };
      return logRelay({ ...options, database, broker: { publish }, clock });
    });
    let added = 0;
    for (; !tailing; added += 1) {
      await world.add("before", 1);
      await world.published(added + 1);
    }
    // More attempts than the relay makes before it forgets the row.
    await world.database.query(`
      create sequence attempts;
      create function keep() returns trigger language plpgsql as $$
        begin if nextval('attempts') <= 6 then return null; end if; return old; end $$;
      create trigger keep before delete on chassis.outbox for each row
        when (old.key = 'a') execute function keep()`);
    await world.add("a", 1);
    await world.published(added + 1);
    const isLeft = async () => {
      const { rows } = await world.database.query("select from chassis.outbox");
      return rows.length > 0;
    };
    while (await isLeft()) await clock.advance(60_000);
    await world.add("a", 1);
    await world.published(added + 2);
    assert.deepEqual(world.firstOf("a"), [1, 2]);
  });

  test("is not waited for: while an old transaction keeps the server from making one, the relay polls", async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    await world.database.transaction(async (transaction) => {
      // It writes, so it has a number, so the server waits for its end.
      await transaction.query("create table old (id int)");
      world.start(logRelay);
      await world.add("a", 3);
      await world.published(3);
    });
    await untilSlots(world.database, 1);
    await world.add("a", 3);
    await world.published(6);
    assert.deepEqual(world.firstOf("a"), upTo(6));
  });
});

async function untilSlots(database: Database, count: number): Promise<void> {
  for (;;) {
    const { rows } = await database
      .query("select from pg_replication_slots where database = current_database() and active")
      .catch(() => ({ rows: { length: -1 } }));
    if (rows.length === count) return;
  }
}

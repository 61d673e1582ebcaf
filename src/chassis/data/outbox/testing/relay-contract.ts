import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seededRandom } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import type { Relay, RelayOptions } from "../relay.ts";
import { openWorld, upTo } from "./outbox-world.ts";

/** What every relay promises, tried on a real server. */
export function relayContract(name: string, relay: (options: RelayOptions) => Relay): void {
  describe(name, { skip: lacksPostgres() }, () => {
    let postgres: RealPostgres;
    before(async () => {
      postgres = await realPostgres();
    });
    after(() => postgres.stop());

    test("what was there before it started is published, and what is added later; then the outbox is empty", async (t) => {
      const world = await openWorld(postgres);
      t.after(() => world.close());
      await world.add("early", 3);
      world.start(relay);
      await world.published(3);
      await world.add("late", 3);
      await world.published(6);
      assert.deepEqual(world.firstOf("early"), [1, 2, 3]);
      assert.deepEqual(world.firstOf("late"), [1, 2, 3]);
      await world.empty();
    });

    test("nothing is sent of a transaction that is rolled back", async (t) => {
      const world = await openWorld(postgres);
      t.after(() => world.close());
      world.start(relay);
      await assert.rejects(
        world.database.transaction(async (transaction) => {
          await world.outbox.add(transaction, { topic: "orders", type: "counted", key: "k", data: 13 });
          throw new Error("changed my mind");
        }),
        /changed my mind/,
      );
      await world.add("k", 1);
      await world.published(1);
      assert.deepEqual(world.firstOf("k"), [1]);
    });

    test("order per key is that of the commits, with many writers and two copies", async (t) => {
      const world = await openWorld(postgres);
      t.after(() => world.close());
      world.start(relay);
      world.start(relay);
      const keys = ["a", "b", "c", "d", "e"];
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let turn = 0; turn < 10; turn += 1) for (const key of keys) await world.add(key, 1);
        }),
      );
      await world.published(8 * 10 * keys.length);
      for (const key of keys) assert.deepEqual(world.firstOf(key), upTo(80));
    });

    test("a broker that refuses loses nothing and keeps the order", async (t) => {
      const world = await openWorld(postgres);
      t.after(() => world.close());
      const random = seededRandom(7);
      world.refuse = () => random.float() < 0.3;
      world.start(relay);
      world.start(relay);
      for (let turn = 0; turn < 10; turn += 1) await Promise.all(["a", "b"].map((key) => world.add(key, 2)));
      await world.published(40);
      assert.deepEqual(world.firstOf("a"), upTo(20));
      assert.deepEqual(world.firstOf("b"), upTo(20));
    });

    test("connections that are cut and a server that is killed lose nothing and keep the order", async (t) => {
      const world = await openWorld(postgres);
      t.after(() => world.close());
      world.start(relay);
      world.start(relay);
      const writing = Promise.all(["a", "b", "c"].map((key) => world.addStubbornly(key, 60)));
      for (const fault of [
        () => postgres.terminateBackends(),
        () => postgres.kill().then(() => postgres.start()),
        () => postgres.terminateBackends(),
      ]) {
        await world.published(Math.min(180, world.different() + 15));
        await fault();
      }
      await writing;
      await world.published(180);
      for (const key of ["a", "b", "c"]) assert.deepEqual(world.firstOf(key), upTo(60));
      await world.empty();
    });
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base";
import { VirtualClock } from "#testing";
import { WorkQueue } from "./work-queue.ts";

function newQueue() {
  const clock = new VirtualClock();
  return { clock, queue: new WorkQueue({ clock, random: seededRandom(1) }) };
}

test("a key that is added twice is handed out once", async () => {
  const { queue } = newQueue();
  queue.add("a");
  queue.add("b");
  queue.add("a");
  assert.equal(await queue.next(), "a");
  assert.equal(await queue.next(), "b");
  assert.equal(queue.length, 0);
});

test("a key that is added while it is worked on comes again afterwards", async () => {
  const { queue } = newQueue();
  queue.add("a");
  await queue.next();
  queue.add("a");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(await queue.next(), "a");
});

test("of several delays of one key the earliest counts", async () => {
  const { clock, queue } = newQueue();
  queue.addAfter("a", 1000);
  queue.addAfter("a", 100);
  queue.addAfter("a", 500);
  await clock.advance(99);
  assert.equal(queue.length, 0);
  await clock.advance(1);
  assert.equal(queue.length, 1);
  await queue.next();
  queue.done("a");
  await clock.advance(5000);
  assert.equal(queue.length, 0);
});

test("pauses grow with every failure, and start over after a success", () => {
  const { queue } = newQueue();
  const pauses = [queue.retry("a"), queue.retry("a"), queue.retry("a")];
  assert.ok((pauses[0] as number) <= 5 && (pauses[2] as number) >= 10);
  queue.forget("a");
  assert.ok(queue.retry("a") <= 5);
});

test("closing wakes those who wait", async () => {
  const { queue } = newQueue();
  const waiting = queue.next();
  queue.close();
  assert.equal(await waiting, undefined);
  assert.equal(await queue.next(), undefined);
});

test("no key is ever worked on twice at a time, and none is lost", async () => {
  const step = fc.record({ key: fc.constantFrom("a", "b", "c"), finish: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const { queue } = newQueue();
      const working: string[] = [];
      const owed = new Set<string>();
      const take = async () => {
        const key = (await queue.next()) as string;
        assert.ok(!working.includes(key));
        working.push(key);
        owed.delete(key);
      };
      for (const { key, finish } of steps) {
        queue.add(key);
        owed.add(key);
        if (queue.length > 0) await take();
        const first = working[0];
        if (finish && first) {
          working.shift();
          queue.done(first);
        }
      }
      for (const key of working.splice(0)) queue.done(key);
      while (queue.length > 0) {
        await take();
        for (const key of working.splice(0)) queue.done(key);
      }
      assert.equal(owed.size, 0);
      assert.ok(queue.idle);
    }),
  );
});

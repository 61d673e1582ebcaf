import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoundedQueue } from "./queue.ts";

test("items come out in the order in which they went in, and never more than the limit wait", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.integer(), { nil: undefined })),
      fc.integer({ min: 1, max: 5 }),
      async (steps, limit) => {
        const queue = new BoundedQueue<number>(limit);
        const model: number[] = [];
        for (const step of steps) {
          if (step === undefined) {
            if (model.length > 0) assert.deepEqual(await queue.next(), { done: false, value: model.shift() });
          } else {
            assert.equal(queue.push(step), model.length < limit);
            if (model.length < limit) model.push(step);
          }
          assert.equal(queue.length, model.length);
        }
      },
    ),
  );
});

test("a reader that waits gets the next item even when the queue holds none", async () => {
  const queue = new BoundedQueue<string>(1);
  const next = queue.next();
  queue.push("a");
  assert.deepEqual(await next, { done: false, value: "a" });
});

test("a closed queue gives what is left, then ends, or fails with the reason it was closed for", async () => {
  const queue = new BoundedQueue<number>(4);
  queue.push(1);
  queue.close(new Error("too slow"));
  assert.equal(queue.push(2), false);
  assert.deepEqual(await queue.next(), { done: false, value: 1 });
  await assert.rejects(queue.next(), /too slow/);
});

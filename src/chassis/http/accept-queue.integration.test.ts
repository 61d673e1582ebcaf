import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { systemClock } from "#base";
import { AcceptQueue } from "./accept-queue.ts";

test("a loop without an idle moment has the line looked at, and what is known is forgotten when there is one", async (context) => {
  const server = createServer();
  context.after(() => server.close());
  const queue = new AcceptQueue(server, systemClock);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const now = () => systemClock.monotonicMs();
  const busy = (durationMs: number) => {
    for (const until = now() + durationMs; now() < until; );
  };
  const accepted = once(server, "connection");
  assert.equal(queue.delayMs(now()), 0);
  busy(30);
  assert.ok(queue.delayMs(now()) < 30, "one stands in line from now on");
  busy(50);
  assert.ok(queue.delayMs(now()) >= 50, "and has not been accepted yet");
  await accepted;
  const waitedMs = queue.delayMs(0);
  assert.ok(waitedMs >= 50);
  busy(1);
  assert.equal(queue.delayMs(0), waitedMs, "it is no longer in line, and what it has waited is known");
  await systemClock.sleep(20);
  assert.equal(queue.delayMs(now() + 30), 0);
});

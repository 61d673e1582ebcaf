import assert from "node:assert/strict";
import { test } from "node:test";
import { provided, put, write } from "../testing/model.ts";
import { lines, storeContract } from "../testing/store-contract.ts";
import { storeProperties } from "../testing/store-properties.ts";
import { MemoryLog } from "./memory-log.ts";
import { openMemoryStore } from "./open.ts";

storeContract({ name: "memory", open: (options) => openMemoryStore(options) });

storeProperties({
  name: "memory",
  place: () => ({ open: () => openMemoryStore({ window: { commits: 30, bytes: 3000 } }) }),
  reopens: false,
  runs: 200,
});

test("two stores on one log see the same, as API servers on etcd do", async () => {
  const log = new MemoryLog();
  const [a, b] = [await openMemoryStore({ log }), await openMemoryStore({ log })];
  await a.commit(write(put("x", "1")));
  assert.equal(await b.readBarrier(), 1);
  assert.deepEqual(lines(b.snapshot()), ["x=1@1/1"]);
  assert.equal((await b.commit(provided(write(put("x", "2")), { x: 0 }))).committed, false);
  await b.commit(provided(write(put("x", "2")), { x: 1 }));
  const late = await openMemoryStore({ log });
  assert.deepEqual(lines(late.snapshot()), lines(a.snapshot()));
});

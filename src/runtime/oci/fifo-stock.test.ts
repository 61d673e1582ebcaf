import assert from "node:assert/strict";
import { test } from "node:test";
import type { Files } from "#host";
import { FifoStock } from "./fifo-stock.ts";
import { fifoStock } from "./limits.ts";

test("each who asks gets a FIFO of its own, and one program makes as many as a stock holds", async () => {
  let programs = 0;
  const there = new Set<string>();
  const files: Pick<Files, "remove" | "makeDirectory" | "makeFifos" | "rename"> = {
    remove: async () => {},
    makeDirectory: async () => {},
    async makeFifos(paths) {
      programs += 1;
      for (const path of paths) there.add(path);
    },
    async rename(from, to) {
      assert.ok(there.delete(from), `${from} is there`);
      assert.ok(!there.has(to), `${to} is not there yet`);
      there.add(to);
    },
  };
  const stock = await FifoStock.open(files, "/stock");
  const wanted = Array.from({ length: fifoStock + 1 }, (_, index) => `/wanted/${index}`);
  await Promise.all(wanted.map((path) => stock.put([path])));
  assert.deepEqual(
    wanted.filter((path) => there.has(path)),
    wanted,
  );
  assert.equal(programs, 2);
});

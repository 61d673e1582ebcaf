import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

test("of what was killed and started again nothing stays in memory", async () => {
  const program = join(import.meta.dirname, "../testing/killed.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  assert.match(stdout, /^informers before and after: ([1-9]\d+) \1\n$/);
});

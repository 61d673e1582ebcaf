import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lacksPostgres } from "#testing";
import { Town } from "../tools/shop/town.ts";

test("of a shop that does not come to stand nothing is left: no process, and no file", {
  skip: lacksPostgres() ?? false,
}, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "nacre-shop-town-"));
  context.after(() => rm(directory, { recursive: true }));
  const pidFile = join(directory, "pid");
  await writeFile(
    join(directory, "main.ts"),
    `import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
     setInterval(() => {}, 60_000);`,
  );
  let isRemoved = false;
  const staged = {
    directory,
    async remove() {
      isRemoved = true;
    },
  };
  await assert.rejects(Town.open({ staged, layout: "monolith", readyMs: 3_000 }), /shop is not ready/);
  assert.ok(isRemoved);
  const pid = Number(await readFile(pidFile, "utf8"));
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
});

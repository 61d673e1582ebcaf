import assert from "node:assert/strict";
import { chmod, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { type Clock, systemClock } from "#base";
import type { Store } from "../store.ts";
import { put, remove, write } from "../testing/model.ts";
import { lines } from "../testing/store-contract.ts";
import { adoptFormat, formats } from "./format.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./open.ts";

test("D4 only the owner may read the files", async (t) => {
  const directory = await place(t);
  const store = await openIn(directory);
  await store.commit(write(put("a", "1")));
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  const names = await readdir(directory);
  assert.ok(names.includes("store.db") && names.includes("store.db-wal"), names.join(" "));
  for (const name of names) assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, name);
  await store.close();
  await chmod(directory, 0o755);
  await chmod(join(directory, "store.db"), 0o644);
  await (await openIn(directory)).close();
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.equal((await stat(join(directory, "store.db"))).mode & 0o777, 0o600);
});

test("D3 one store is opened once, and again when it is closed", async (t) => {
  const directory = await place(t);
  const store = await openIn(directory);
  await assert.rejects(openIn(directory), {
    reason: "ServiceUnavailable",
    message: /is in use by process \d+/,
  });
  assert.ok((await store.commit(write(put("a", "1")))).committed, "the refused attempt disturbs nobody");
  await store.close();
  await (await openIn(directory)).close();
});

test("D5 a newer format is refused, and left alone", async (t) => {
  const directory = await place(t);
  await filled(directory);
  const path = join(directory, "store.db");
  change(path, "PRAGMA user_version = 99");
  const before = await readFile(path);
  await assert.rejects(openIn(directory), {
    reason: "ServiceUnavailable",
    message: /format version 99, this Nacre knows versions up to 1; install a newer Nacre/,
  });
  assert.deepEqual(await readFile(path), before);
});

test("D5 an older format is adopted, step by step", () => {
  const database = new DatabaseSync(":memory:");
  adoptFormat(database);
  database.exec("UPDATE compaction SET revision = 5");
  adoptFormat(database, [
    ...formats,
    "ALTER TABLE compaction ADD COLUMN note TEXT",
    "UPDATE compaction SET note = 'hi'",
  ]);
  assert.deepEqual({ ...database.prepare("SELECT * FROM compaction").get() }, { revision: 5, note: "hi" });
  assert.equal(database.prepare("PRAGMA user_version").get()?.user_version, 3);
});

test("D5 a format step that fails leaves the older format", () => {
  const database = new DatabaseSync(":memory:");
  adoptFormat(database);
  assert.throws(() => adoptFormat(database, [...formats, "CREATE TABLE extra (x)", "not SQL"]));
  assert.equal(database.prepare("PRAGMA user_version").get()?.user_version, 1);
  assert.equal(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'extra'").get()?.n, 0);
});

for (const [what, damage] of [
  [
    "is not a database",
    (path: string) => writeFile(path, "hello, this is not a database at all\n".repeat(400)),
  ],
  ["belongs to another program", (path: string) => change(path, "PRAGMA application_id = 7")],
  [
    "holds a changed value",
    (path: string) => change(path, "UPDATE changes SET value = CAST('X' AS BLOB) WHERE id = 256"),
  ],
  ["lacks a revision", (path: string) => change(path, "DELETE FROM changes WHERE id = 384")],
  ["has a torn page", tearPage],
] as const) {
  test(`D6 a file that ${what} is one clear error with the next step`, async (t) => {
    const directory = await place(t);
    await filled(directory);
    await damage(join(directory, "store.db"));
    await assert.rejects(openIn(directory), {
      reason: "InternalError",
      message:
        /^could not open the store in .*: it is damaged \(.*\); restore the directory from a backup, or move it away/,
    });
    await assert.rejects(openIn(directory), { reason: "InternalError" }, "the lock was released");
  });
}

test("D7 a store that was opened again continues watches from before", async (t) => {
  const directory = await place(t);
  await filled(directory);
  const store = await openIn(directory);
  t.after(() => store.close());
  const seen: string[] = [];
  store.watch({
    prefix: "/k/",
    after: 290,
    onCommit: ({ revision, changes }) =>
      seen.push(`${revision} ${changes[0]?.key} ${changes[0]?.previous !== undefined}`),
  });
  await store.readBarrier();
  assert.equal(seen.length, 10);
  assert.equal(seen[9], "300 /k/0 true");
});

test("C4 history is forgotten by age and by size, by the clock alone", async (t) => {
  const directory = await place(t);
  const clock = steppedClock();
  const retention = { ageMs: 1000, bytes: 20_000, intervalMs: 10 };
  const store = await openIn(directory, { clock, retention });
  t.after(() => store.close());
  const at = (ms: number, text: string) => ({
    ...write(put("a", text)),
    provenance: { user: "u", verb: "v", requestId: "r", at: ms },
  });
  for (let i = 1; i <= 20; i += 1) await store.commit(at(i * 100, `${i}`));
  clock.time = 2000;
  await clock.fire();
  // 1000 … 2000 ms is young enough; the version that was there at its beginning stays too.
  const revisions = async () => (await store.history("a")).map(({ revision }) => revision).reverse();
  assert.deepEqual(await revisions(), [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  assert.equal(store.snapshot(1).get("a")?.modRevision, 1, "what is in memory stays");
  for (let i = 0; i < 10; i += 1) await store.commit(at(2000, "x".repeat(5000)));
  await store.commit(write(remove("b")));
  await clock.fire();
  assert.deepEqual((await revisions()).slice(0, 2), [27, 28]);
  await store.close();
  const again = await openIn(directory);
  t.after(() => again.close());
  assert.equal(again.revision, 31);
  assert.deepEqual(lines(again.snapshot()), [`a=${"x".repeat(5000)}@1/30`]);
});

function openIn(directory: string, options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  return openSqliteStore({ directory, clock: systemClock, ...options });
}

/** 300 commits on 50 keys. */
async function filled(directory: string): Promise<void> {
  const store = await openIn(directory);
  const commits = Array.from({ length: 300 }, (_, i) =>
    store.commit(write(put(`/k/${(i + 1) % 50}`, "v".repeat(500)))),
  );
  await Promise.all(commits);
  await store.close();
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

async function tearPage(path: string): Promise<void> {
  const file = await open(path, "r+");
  const { size } = await file.stat();
  for (let at = 3 * 8192; at + 8192 <= size; at += 3 * 8192)
    await file.write(Buffer.alloc(4096, 0xee), 0, 4096, at);
  await file.close();
}

async function place(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "nacre-test-store-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  return join(root, "store");
}

/** A clock that stands still; `fire` runs the timer that waits, and waits until the next one is set. */
function steppedClock(): Clock & { time: number; fire(): Promise<void> } {
  let waiting: (() => void) | undefined;
  let set: (() => void) | undefined;
  return {
    ...systemClock,
    time: 0,
    now() {
      return this.time;
    },
    setTimer(_delayMs, callback) {
      waiting = callback;
      set?.();
      return { cancel: () => {} };
    },
    async fire() {
      const done = new Promise<void>((resolve) => {
        set = resolve;
      });
      waiting?.();
      await done;
    },
  };
}

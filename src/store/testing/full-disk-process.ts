import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiError, systemClock } from "#base";
import { openSqliteStore } from "../sqlite/open.ts";
import { put, write } from "./model.ts";
import { lines } from "./store-contract.ts";

/*
 * `full-disk-process.ts DIRECTORY`, where DIRECTORY is a file system of a few megabytes of its own: fills it, sees
 * every queued write refused and nothing of it, frees space, writes on. Prints the error it met.
 */
const mount = process.argv[2] as string;
const directory = join(mount, "store");
const ballast = join(mount, "ballast");
writeFileSync(ballast, Buffer.alloc(1024 * 1024));

const open = () => openSqliteStore({ directory, clock: systemClock });
let store = await open();
const large = "x".repeat(20_000);
const seen: number[] = [];
store.watch({ prefix: "", after: 0, onCommit: ({ revision }) => seen.push(revision) });

let failure: unknown;
let acknowledged = 0;
for (let i = 0; failure === undefined; i += 1) {
  const batch = Array.from({ length: 8 }, (_, j) => store.commit(write(put(`/k/${i}/${j}`, large))));
  const outcomes = await Promise.allSettled(batch);
  acknowledged += outcomes.filter(({ status }) => status === "fulfilled").length;
  failure = outcomes.find((outcome) => outcome.status === "rejected")?.reason;
}
assert.ok(failure instanceof ApiError && failure.reason === "ServiceUnavailable");
assert.equal(store.revision, acknowledged, "nothing unacknowledged is visible");
assert.equal(store.snapshot().count(""), acknowledged);
assert.deepEqual(
  seen,
  Array.from({ length: acknowledged }, (_, i) => i + 1),
);

rmSync(ballast);
const result = await store.commit(write(put("/after", "1")));
assert.ok(result.committed && result.commit.revision === acknowledged + 1, "revisions go on without a gap");
const before = lines(store.snapshot());
await store.close();

store = await open();
assert.deepEqual(lines(store.snapshot()), before);
await store.close();
process.stdout.write(`${failure.message}\n`);

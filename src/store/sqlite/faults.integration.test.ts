import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { must, seededRandom, systemClock } from "#base";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open.ts";

/** A complete run kills a hundred times; the daily one a fifth of that. */
const kills = process.env.NACRE_LONG ? 100 : 20;

test(`D1 a writer killed ${kills} times loses no acknowledged write and leaves no gap`, async (t) => {
  const directory = join(await temporary(t), "store");
  const random = seededRandom(7);
  let acknowledgedInAll = 0;
  for (let cycle = 0; cycle < kills; cycle += 1) {
    const { opened, acknowledged } = await writeUntilKilled(directory, 20 + (random.uint32() % 80));
    acknowledgedInAll += acknowledged.length;
    const store = await openSqliteStore({ directory, clock: systemClock });
    try {
      const commits = await windowOf(store);
      const newest = Math.max(opened, ...acknowledged.map(({ revision }) => revision));
      assert.ok(
        store.revision >= newest,
        `revision ${newest} was acknowledged, ${store.revision} is the newest`,
      );
      for (const { revision, key, text } of acknowledged) {
        if (revision <= store.compactedRevision) continue;
        assert.equal(commits.get(revision)?.get(key), text, `revision ${revision} in cycle ${cycle}`);
        assert.equal(commits.get(revision)?.size, 2, "a transaction is there as a whole");
      }
    } finally {
      await store.close();
    }
  }
  assert.ok(acknowledgedInAll > kills, "the writer came to write");
});

test("D2 a full disk refuses what is queued, shows nothing of it, and is survived", async (t) => {
  const mount = await temporary(t);
  const program = join(import.meta.dirname, "../testing/full-disk-process.ts");
  // In a mount namespace of its own: the small file system exists for that process alone.
  const script = 'mount -t tmpfs -o size=4m nacre-test "$1" && exec "$2" "$3" "$1"';
  const arguments_ = ["-m", "sh", "-c", script, "sh", mount, process.execPath, program];
  const run = spawnSync("unshare", arguments_, { encoding: "utf8" });
  if (/unshare: .*(not permitted|denied)|mount: .*(permission|superuser)/.test(run.stderr)) {
    t.skip("needs the right to mount");
    return;
  }
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /could not write to the store in .*: disk full; free space on .* and try again/);
});

test("D3 a second process is told who has the store open", async (t) => {
  const directory = join(await temporary(t), "store");
  const writer = spawn(
    process.execPath,
    [join(import.meta.dirname, "../testing/writer-process.ts"), directory],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = new Promise((resolve) => writer.once("exit", resolve));
  try {
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    await assert.rejects(openSqliteStore({ directory, clock: systemClock }), {
      reason: "ServiceUnavailable",
      message: new RegExp(
        `is in use by process ${writer.pid} \\(writer-process\\.ts, since .*\\); stop that first`,
      ),
    });
  } finally {
    writer.kill("SIGKILL");
    await ended;
  }
});

interface Acknowledged {
  readonly revision: number;
  readonly key: string;
  readonly text: string;
}

/** Starts the writer, kills it `afterMs` after it opened the store; what it said until then. */
async function writeUntilKilled(
  directory: string,
  afterMs: number,
): Promise<{ opened: number; acknowledged: Acknowledged[] }> {
  const writer = spawn(
    process.execPath,
    [join(import.meta.dirname, "../testing/writer-process.ts"), directory],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let said = "";
  writer.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (said === "") setTimeout(() => writer.kill("SIGKILL"), afterMs);
    said += text;
  });
  await new Promise((resolve) => writer.once("close", resolve));
  // The last line may have been cut off by the kill.
  const whole = said.split("\n").slice(0, -1);
  const [first, ...rest] = whole;
  assert.match(first ?? "", /^open \d+$/, "the store opened after the last kill");
  return {
    opened: Number(must(first, "a first line").slice(5)),
    acknowledged: rest.map((line) => {
      const [revision, key = "", text = ""] = line.split(" ");
      return { revision: Number(revision), key, text };
    }),
  };
}

/** All commits a watch can still get: revision → key → text. Asserts that none is missing. */
async function windowOf(store: Store): Promise<Map<number, Map<string, string>>> {
  const commits = new Map<number, Map<string, string>>();
  store.watch({
    prefix: "",
    after: store.compactedRevision,
    onCommit: ({ revision, changes }) => {
      commits.set(
        revision,
        new Map(changes.map(({ key, entry }) => [key, Buffer.from(entry?.value ?? "").toString()])),
      );
    },
  });
  await store.readBarrier();
  const expected = Array.from(
    { length: store.revision - store.compactedRevision },
    (_, i) => store.compactedRevision + 1 + i,
  );
  assert.deepEqual([...commits.keys()], expected);
  return commits;
}

async function temporary(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "nacre-test-store-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

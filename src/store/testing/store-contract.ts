import assert from "node:assert/strict";
import { test } from "node:test";
import { isExpired, must } from "#base";
import type { Commit, CommitResult, Snapshot, Stamp, Store, WatchOptions } from "../store.ts";
import { provided, put, remove, someone, write } from "./model.ts";

/** One implementation, as the contract suite opens it. Every call gives a store with nothing in it. */
export interface ContractSubject {
  readonly name: string;
  open(options?: { readonly stamp?: Stamp }): Promise<Store>;
}

/** What every store promises. The numbers are those of SPEC.md. */
export function storeContract(subject: ContractSubject): void {
  const it = (sentence: string, body: (open: ContractSubject["open"]) => Promise<void>) => {
    test(`${subject.name}: ${sentence}`, async () => {
      const opened: Store[] = [];
      try {
        await body(async (options) => {
          const store = await subject.open(options);
          opened.push(store);
          return store;
        });
      } finally {
        for (const store of opened) await store.close();
      }
    });
  };
  commits(it);
  reads(it);
  watches(it);
  forgetting(it);
}

type It = (sentence: string, body: (open: ContractSubject["open"]) => Promise<void>) => void;

function commits(it: It): void {
  it("S1 every commit takes the next revision, from 1", async (open) => {
    const store = await open();
    assert.equal(store.revision, 0);
    assert.equal((await committed(store.commit(write(put("a", "1"))))).revision, 1);
    assert.equal((await committed(store.commit(write(put("b", "1"), remove("a"))))).revision, 2);
    assert.equal(store.revision, 2);
  });

  it("S1 commits made at once keep their order", async (open) => {
    const store = await open();
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, i) => store.commit(write(put(`k${i}`, "v")))),
    );
    assert.deepEqual(
      all.map((result) => must(result.committed ? result.commit.revision : undefined, "committed")),
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
  });

  it("S2 a failed precondition writes nothing and shows what is there", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("a", "1"))));
    const refused = await store.commit(provided(write(put("a", "2"), put("b", "2")), { a: 7 }));
    assert.ok(!refused.committed);
    assert.deepEqual(refused.failed, { key: "a", modRevision: 7 });
    assert.equal(refused.current?.modRevision, 1);
    assert.deepEqual(lines(store.snapshot()), ["a=1@1/1"]);
    assert.equal(store.revision, 1);
  });

  it("S2 modRevision 0 asks that the key is absent", async (open) => {
    const store = await open();
    await committed(store.commit(provided(write(put("a", "1")), { a: 0 })));
    assert.equal((await store.commit(provided(write(put("a", "2")), { a: 0 }))).committed, false);
    await committed(store.commit(provided(write(remove("a")), { a: 1 })));
    await committed(store.commit(provided(write(put("a", "3")), { a: 0 })));
    assert.deepEqual(lines(store.snapshot()), ["a=3@3/3"]);
  });

  it("S2 of writers that race for one revision exactly one wins", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("a", "0"))));
    const race = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.commit(provided(write(put("a", `${i}`)), { a: 1 }))),
    );
    assert.equal(race.filter((result) => result.committed).length, 1);
    for (const lost of race) if (!lost.committed) assert.equal(lost.current?.modRevision, 2);
  });

  it("S2 a refusal that rests on a queued write comes after that write", async (open) => {
    const store = await open();
    const [first, second] = await Promise.all([
      store.commit(provided(write(put("a", "1")), { a: 0 })),
      store
        .commit(provided(write(put("a", "2")), { a: 0 }))
        .then((result) => ({ result, seen: store.revision })),
    ]);
    assert.ok(first.committed && !second.result.committed);
    assert.equal(second.seen, 1);
    assert.equal(text(second.result.current?.value), "1");
  });

  it("S2 a create that raced with a creation and its deletion succeeds", async (open) => {
    const store = await open();
    const results = await Promise.all([
      store.commit(provided(write(put("a", "1")), { a: 0 })),
      store.commit(provided(write(put("a", "2")), { a: 0 })),
      store.commit(provided(write(remove("a")), { a: 1 })),
    ]);
    assert.deepEqual(
      results.map((result) => result.committed),
      [true, true, true],
    );
    assert.deepEqual(lines(store.snapshot()), ["a=2@3/3"]);
  });

  it("S3 too large a transaction is refused", async (open) => {
    const store = await open();
    const large = { type: "put", key: "a", value: new Uint8Array(1.5 * 1024 * 1024) } as const;
    await assert.rejects(store.commit(write(large)), { reason: "RequestEntityTooLarge" });
    const many = Array.from({ length: 129 }, (_, i) => put(`k${i}`, "v"));
    await assert.rejects(store.commit(write(...many)), { reason: "RequestEntityTooLarge" });
    await assert.rejects(store.commit(write(put("k".repeat(1025), "v"))), {
      reason: "RequestEntityTooLarge",
    });
    assert.equal(store.revision, 0);
  });

  it("S4 the commit says what changed and who did it", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("a", "1"))));
    const commit = await committed(store.commit(write(put("a", "2"), put("b", "1"), remove("missing"))));
    assert.deepEqual(commit.provenance, someone);
    assert.deepEqual(commit.changes.map(told), ["put a 1→2", "put b →1"]);
    const deletion = await committed(store.commit(write(remove("a"))));
    assert.deepEqual(deletion.changes.map(told), ["delete a 2→"]);
  });

  it("S5 the stamp completes every put once, and everybody sees the result", async (open) => {
    let calls = 0;
    const store = await open({
      stamp: (value, revision) => {
        calls += 1;
        return Buffer.from(`${text(value)}#${revision}`);
      },
    });
    const seen: string[] = [];
    store.watch({ prefix: "", after: 0, onCommit: (commit) => seen.push(...commit.changes.map(told)) });
    const commit = await committed(store.commit(write(put("a", "x"))));
    assert.deepEqual(commit.changes.map(told), ["put a →x#1"]);
    assert.deepEqual(lines(store.snapshot()), ["a=x#1@1/1"]);
    assert.deepEqual(seen, ["put a →x#1"]);
    assert.equal(calls, 1);
    assert.deepEqual(
      (await store.history("a")).map((version) => text(version.value)),
      ["x#1"],
    );
  });
}

function reads(it: It): void {
  it("S10 a put's memo is there when watches are told, and stays with its entry", async (open) => {
    const store = await open();
    const memo = { length: 1 };
    const told: unknown[] = [];
    store.watch({
      prefix: "a",
      after: 0,
      onCommit: ({ changes }) => told.push(...changes.map(({ entry }) => entry?.memo)),
    });
    await committed(store.commit(write({ type: "put", key: "a", value: Buffer.from("1"), memo })));
    await committed(store.commit(write(put("a", "22"))));
    assert.deepEqual(told, [memo, undefined]);
    assert.equal(store.snapshot(1).get("a")?.memo, memo);
  });

  it("S11 what has left the window is read as it was put, however it is kept", async (open) => {
    const store = await open();
    const texts = ["1", "20", "300"].map(
      (name) => `{"name":"${name}","rest":"${"the same in all, ".repeat(9)}"}`,
    );
    for (const [index, each] of texts.entries()) await committed(store.commit(write(put(`${index}`, each))));
    const before = store.snapshot();
    await store.compact(store.revision);
    const expected = texts.map((each, index) => `${index}=${each}@${index + 1}/${index + 1}`);
    for (const snapshot of [before, store.snapshot()]) assert.deepEqual(lines(snapshot), expected);
    assert.deepEqual(
      store
        .snapshot()
        .scan("")
        .map(({ size }) => size),
      texts.map((each) => each.length),
    );
    await committed(store.commit(write(put("1", "another"))));
    assert.equal(text(before.get("1")?.value), texts[1]);
  });

  it("S6 the newest entry of a key can be had without a snapshot, once it is durable", async (open) => {
    const store = await open();
    const first = committed(store.commit(write(put("a", "1"))));
    assert.equal(store.get("a"), undefined);
    await first;
    assert.equal(store.get("a"), store.snapshot().get("a"));
    await committed(store.commit(write(remove("a"))));
    assert.equal(store.get("a"), undefined);
  });

  it("S6 a snapshot does not change", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("a", "1"), put("b", "1"))));
    const before = store.snapshot();
    await committed(store.commit(write(put("a", "2"), remove("b"), put("c", "2"))));
    assert.deepEqual(lines(before), ["a=1@1/1", "b=1@1/1"]);
    assert.deepEqual(lines(store.snapshot()), ["a=2@1/2", "c=2@2/2"]);
    assert.equal(before.revision, 1);
  });

  it("S6 a past revision can be read", async (open) => {
    const store = await open();
    for (let i = 1; i <= 600; i += 1) await committed(store.commit(write(put(`k${i % 7}`, `${i}`))));
    for (const at of [0, 1, 6, 255, 256, 257, 300, 512, 599, 600]) {
      const snapshot = store.snapshot(at);
      assert.equal(snapshot.count(""), Math.min(at, 7));
      for (const entry of snapshot.scan("")) {
        assert.equal(Number(text(entry.value)), entry.modRevision);
        assert.ok(entry.modRevision <= at && entry.modRevision > at - 7);
      }
    }
    assert.throws(() => store.snapshot(601), isExpired);
  });

  it("S7 scan and count keep to prefix, start and limit", async (open) => {
    const store = await open();
    const keys = ["/a", "/a/1", "/a/2", "/a/3", "/b/1", "/a0"];
    await committed(store.commit(write(...keys.map((key) => put(key, "v")))));
    const snapshot = store.snapshot();
    const scanned = (...parameters: Parameters<Snapshot["scan"]>) =>
      snapshot.scan(...parameters).map(({ key }) => key);
    assert.deepEqual(scanned("/a/"), ["/a/1", "/a/2", "/a/3"]);
    assert.deepEqual(scanned("/a/", { after: "/a/1", limit: 1 }), ["/a/2"]);
    assert.deepEqual(scanned("/a"), ["/a", "/a/1", "/a/2", "/a/3", "/a0"]);
    assert.deepEqual(scanned("/c"), []);
    assert.deepEqual(scanned("/a/", { limit: 0 }), []);
    assert.equal(snapshot.count("/a/"), 3);
    assert.equal(snapshot.count("/a/", { after: "/a/1" }), 2);
    assert.equal(snapshot.count("/a/", { after: "/b" }), 0);
  });

  it("S8 readBarrier waits for what is acknowledged", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("a", "1"))));
    assert.equal(await store.readBarrier(), 1);
    assert.equal(store.snapshot().get("a")?.modRevision, 1);
  });
}

function watches(it: It): void {
  it("W1 a watch gets what lies under its prefix, in order, old and new, without gaps", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("/a/1", "1"))));
    await committed(store.commit(write(put("/b/1", "1"))));
    const seen: string[] = [];
    const watch = store.watch({ prefix: "/a/", after: 0, onCommit: (commit) => seen.push(...under(commit)) });
    assert.deepEqual(seen, [], "nothing before watch returns");
    await committed(store.commit(write(put("/a/2", "2"), put("/b/2", "2"))));
    await committed(store.commit(write(remove("/a/1"))));
    assert.deepEqual(seen, ["1 put /a/1 →1", "3 put /a/2 →2", "4 delete /a/1 1→"]);
    watch.close();
    await committed(store.commit(write(put("/a/3", "3"))));
    assert.equal(seen.length, 3);
  });

  it("W2 a watcher has been told before the writer is answered, and reads what it was told", async (open) => {
    const store = await open();
    let seen = 0;
    store.watch({
      prefix: "a",
      after: 0,
      onCommit: (commit) => {
        seen = commit.revision;
        assert.equal(store.snapshot().get("a")?.modRevision, commit.revision);
      },
    });
    const commit = await committed(store.commit(write(put("a", "1"))));
    assert.equal(seen, commit.revision);
  });

  it("W3 progress tells of commits elsewhere", async (open) => {
    const store = await open();
    const progress: number[] = [];
    store.watch({
      prefix: "a",
      after: 0,
      onCommit: () => {},
      onProgress: (revision) => progress.push(revision),
    });
    await committed(store.commit(write(put("b", "1"))));
    await committed(store.commit(write(put("c", "1"))));
    assert.equal(progress.at(-1), 2);
    assert.deepEqual(progress, [...new Set(progress)].sort());
  });

  it("W4 watches of one prefix are given the same commit", async (open) => {
    const store = await open();
    const seen: Commit[] = [];
    const options: WatchOptions = { prefix: "a", after: 0, onCommit: (commit) => seen.push(commit) };
    store.watch(options);
    store.watch(options);
    await committed(store.commit(write(put("a", "1"), put("b", "1"))));
    assert.equal(seen.length, 2);
    assert.equal(seen[0], seen[1]);
  });

  it("W5 a watch that commits does not disturb the order of the others", async (open) => {
    const store = await open();
    const seen: number[] = [];
    const nested: Promise<CommitResult>[] = [];
    store.watch({
      prefix: "a",
      after: 0,
      onCommit: () => nested.push(store.commit(write(put("b", "1")))),
    });
    store.watch({ prefix: "", after: 0, onCommit: (commit) => seen.push(commit.revision) });
    await committed(store.commit(write(put("a", "1"))));
    await Promise.all(nested);
    assert.deepEqual(seen, [1, 2]);
  });

  it("W6 a watch that throws ends, alone", async (open) => {
    const store = await open();
    const ends: (Error | undefined)[] = [];
    const seen: number[] = [];
    store.watch({
      prefix: "a",
      after: 0,
      onCommit: () => {
        throw new Error("oops");
      },
      onEnd: (error) => ends.push(error),
    });
    store.watch({ prefix: "a", after: 0, onCommit: (commit) => seen.push(commit.revision) });
    await committed(store.commit(write(put("a", "1"))));
    await committed(store.commit(write(put("a", "2"))));
    assert.equal(ends.length, 1);
    assert.deepEqual(seen, [1, 2]);
  });

  it("W7 closing the store ends its watches and refuses commits", async (open) => {
    const store = await open();
    const ends: (Error | undefined)[] = [];
    store.watch({ prefix: "", after: 0, onCommit: () => {}, onEnd: (error) => ends.push(error) });
    const last = store.commit(write(put("a", "1")));
    await store.close();
    assert.deepEqual(ends, [undefined]);
    assert.ok((await last).committed, "what was committed before the close is acknowledged");
    await assert.rejects(store.commit(write(put("a", "2"))), { reason: "ServiceUnavailable" });
  });
}

function forgetting(it: It): void {
  it("C1 snapshots and watches below the compacted revision are expired", async (open) => {
    const store = await open();
    for (let i = 1; i <= 10; i += 1) await committed(store.commit(write(put(`k${i % 3}`, `${i}`))));
    await store.compact(6);
    assert.equal(store.compactedRevision, 6);
    assert.throws(() => store.snapshot(5), isExpired);
    assert.throws(() => store.watch({ prefix: "", after: 5, onCommit: () => {} }), isExpired);
    assert.deepEqual(lines(store.snapshot(6)), ["k0=6@3/6", "k1=4@1/4", "k2=5@2/5"]);
    const seen: number[] = [];
    store.watch({ prefix: "", after: 6, onCommit: (commit) => seen.push(commit.revision) });
    await committed(store.commit(write(put("x", "1"))));
    assert.deepEqual(seen, [7, 8, 9, 10, 11]);
  });

  it("C2 history tells the versions of a key, newest first, with their authors", async (open) => {
    const store = await open();
    const by = (user: string) => ({ ...someone, user });
    await committed(store.commit({ ...write(put("a", "1")), provenance: by("alice") }));
    await committed(store.commit(write(put("b", "1"))));
    await committed(store.commit({ ...write(put("a", "2")), provenance: by("bob") }));
    await committed(store.commit({ ...write(remove("a")), provenance: by("carol") }));
    assert.deepEqual(
      (await store.history("a")).map((version) => [
        version.revision,
        version.provenance.user,
        text(version.value),
      ]),
      [
        [4, "carol", undefined],
        [3, "bob", "2"],
        [1, "alice", "1"],
      ],
    );
    assert.equal((await store.history("a", { limit: 1 })).length, 1);
    assert.deepEqual(await store.history("missing"), []);
  });

  it("C3 compaction forgets what was replaced, never what is there", async (open) => {
    const store = await open();
    await committed(store.commit(write(put("a", "1"), put("b", "1"))));
    await committed(store.commit(write(put("a", "2"))));
    await committed(store.commit(write(remove("b"))));
    await committed(store.commit(write(put("a", "4"))));
    await store.compact(3);
    const revisions = async (key: string) => (await store.history(key)).map(({ revision }) => revision);
    assert.deepEqual(await revisions("a"), [4, 2]);
    assert.deepEqual(await revisions("b"), []);
    assert.deepEqual(lines(store.snapshot()), ["a=4@1/4"]);
    await store.compact(100);
    assert.equal(store.compactedRevision, 4);
    assert.deepEqual(await revisions("a"), [4]);
  });
}

async function committed(result: Promise<CommitResult>): Promise<Commit> {
  const outcome = await result;
  assert.ok(outcome.committed, "the transaction was refused");
  return outcome.commit;
}

function text(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString();
}

/** `key=text@create/mod` of everything in a snapshot. */
export function lines(snapshot: Snapshot, prefix = ""): string[] {
  return snapshot
    .scan(prefix)
    .map((entry) => `${entry.key}=${text(entry.value)}@${entry.createRevision}/${entry.modRevision}`);
}

function told({ type, key, previous, entry }: Commit["changes"][number]): string {
  return `${type} ${key} ${text(previous?.value) ?? ""}→${text(entry?.value) ?? ""}`;
}

function under(commit: Commit): string[] {
  return commit.changes.map((change) => `${commit.revision} ${told(change)}`);
}

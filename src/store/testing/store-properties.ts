import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isExpired } from "#base";
import type { Commit, Revision, Store, Transaction } from "../store.ts";
import { ModelStore, provided, put, remove, write } from "./model.ts";
import { lines } from "./store-contract.ts";

/** An implementation whose store may be closed and opened again with what is in it. */
export interface PropertySubject {
  readonly name: string;
  /** A place for one store, with nothing in it. */
  place(): { open(): Promise<Store> };
  readonly reopens: boolean;
  readonly runs: number;
}

/** Random lives of a store, compared at every step with a model that keeps everything (all rules of SPEC.md). */
export function storeProperties(subject: PropertySubject): void {
  test(`${subject.name}: any sequence of commits, reads, watches and compactions agrees with the model`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(subject.reopens), { maxLength: 60 }), async (steps) => {
        const place = subject.place();
        const life = new Life(await place.open());
        try {
          for (const next of steps) {
            if (next.type === "reopen") await life.reopen(place.open);
            else await life.take(next);
          }
          life.compareAll();
        } finally {
          await life.store.close();
        }
      }),
      { numRuns: subject.runs },
    );
  });
}

type Step =
  | { readonly type: "commit"; readonly batch: readonly Wish[] }
  | { readonly type: "watch"; readonly prefix: string; readonly back: number }
  | { readonly type: "read"; readonly prefix: string; readonly back: number }
  | { readonly type: "compact"; readonly back: number }
  | { readonly type: "reopen" };

/** A transaction in terms of what is there when it is made. */
interface Wish {
  readonly keys: readonly { readonly key: string; readonly deletes: boolean; readonly checks: boolean }[];
  /** Makes the first precondition wrong. */
  readonly stale: boolean;
}

/** Values of which all but one and then another has its like: those are packed. */
function alike(serial: number): string {
  return serial % 7 === 0
    ? `${serial}`
    : `{"serial":"${serial}","rest":"${"the same in all, ".repeat(serial % 2 === 0 ? 9 : 5)}"}`;
}

const keys = ["/a/1", "/a/2", "/a/3", "/b/1", "/b/2", "/c"];
const prefixes = ["", "/a/", "/b/", "/a/1", "/d"];
const back = fc.nat(12);

function step(reopens: boolean): fc.Arbitrary<Step> {
  const wish = fc.record<Wish>({
    keys: fc.uniqueArray(
      fc.record({ key: fc.constantFrom(...keys), deletes: fc.boolean(), checks: fc.boolean() }),
      { minLength: 1, maxLength: 3, selector: ({ key }) => key },
    ),
    stale: fc.boolean(),
  });
  const commit = fc.record({
    type: fc.constant("commit" as const),
    batch: fc.array(wish, { minLength: 1, maxLength: 4 }),
  });
  const prefix = fc.constantFrom(...prefixes);
  return fc.oneof(
    { weight: 8, arbitrary: commit },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("watch" as const), prefix, back }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant("read" as const), prefix, back }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("compact" as const), back }) },
    ...(reopens ? [{ weight: 1, arbitrary: fc.constant({ type: "reopen" as const }) }] : []),
  );
}

class Life {
  store: Store;
  readonly #model = new ModelStore();
  #watches: { prefix: string; after: Revision; seen: string[] }[] = [];
  #serial = 0;

  constructor(store: Store) {
    this.store = store;
  }

  async take(next: Exclude<Step, { type: "reopen" }>): Promise<void> {
    const at = this.#model.revision - ("back" in next ? next.back : 0);
    if (next.type === "commit") await this.#commit(next.batch);
    else if (next.type === "read") this.#compare(at, next.prefix);
    else if (next.type === "watch") this.#watch(next.prefix, at);
    else if (at >= 0) {
      await this.store.compact(at);
      assert.ok(this.store.compactedRevision >= at);
    }
  }

  async reopen(open: () => Promise<Store>): Promise<void> {
    this.compareAll();
    await this.store.close();
    this.#watches = [];
    this.store = await open();
    assert.equal(this.store.revision, this.#model.revision);
    this.compareAll();
  }

  /** Every state that can still be read, every watch. */
  compareAll(): void {
    for (let at = this.store.compactedRevision; at <= this.#model.revision; at += 1) this.#compare(at, "");
    for (const { prefix, after, seen } of this.#watches) assert.deepEqual(seen, this.#events(prefix, after));
  }

  /** All transactions are under way at once; the model takes them in the same order. */
  async #commit(batch: readonly Wish[]): Promise<void> {
    const expected: boolean[] = [];
    const results = batch.map((wish) => {
      const transaction = this.#transaction(wish);
      expected.push(this.#model.commit(transaction));
      return this.store.commit(transaction);
    });
    const outcomes = (await Promise.all(results)).map((result) => result.committed);
    assert.deepEqual(outcomes, expected);
    assert.equal(this.store.revision, this.#model.revision);
  }

  #transaction({ keys: wished, stale }: Wish): Transaction {
    const now = this.#model.state(this.#model.revision);
    this.#serial += 1;
    const operations = wished.map(({ key, deletes }) =>
      deletes ? remove(key) : put(key, alike(this.#serial)),
    );
    const checked = wished
      .filter(({ checks }) => checks)
      .map(({ key }) => [key, now.get(key)?.modRevision ?? 0] as const);
    // A revision that no key can have: of the future.
    const wrong = stale ? checked.slice(0, 1).map(([key]) => [key, 1_000_000] as const) : [];
    return provided(write(...operations), Object.fromEntries([...checked, ...wrong]));
  }

  #watch(prefix: string, after: Revision): void {
    const seen: string[] = [];
    const start = () => this.store.watch({ prefix, after, onCommit: (commit) => seen.push(...told(commit)) });
    if (after < this.store.compactedRevision) {
      assert.throws(start, isExpired);
      return;
    }
    start();
    this.#watches.push({ prefix, after, seen });
  }

  #compare(at: Revision, prefix: string): void {
    if (at < this.store.compactedRevision) {
      assert.throws(() => this.store.snapshot(at), isExpired);
      return;
    }
    const snapshot = this.store.snapshot(at);
    const expected = this.#model.lines(at, prefix);
    assert.deepEqual(lines(snapshot, prefix), expected);
    assert.equal(snapshot.count(prefix), expected.length);
  }

  #events(prefix: string, after: Revision): string[] {
    return this.#model.commits
      .filter((commit) => commit.revision > after)
      .flatMap(({ revision, changes }) =>
        changes
          .filter(({ key }) => key.startsWith(prefix))
          .map(({ type, key, text }) => `${revision} ${type} ${key} ${text ?? ""}`),
      );
  }
}

function told({ revision, changes }: Commit): string[] {
  return changes.map(
    ({ type, key, entry }) => `${revision} ${type} ${key} ${entry ? Buffer.from(entry.value) : ""}`,
  );
}

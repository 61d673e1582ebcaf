import type { Provenance, Revision, Transaction } from "../store.ts";

/** The store as a child would write it: every state ever, kept whole. What the real ones are compared with. */
export class ModelStore {
  readonly states: Map<string, ModelEntry>[] = [new Map()];
  readonly commits: ModelCommit[] = [];

  get revision(): Revision {
    return this.states.length - 1;
  }

  state(at: Revision): Map<string, ModelEntry> {
    return this.states[at] ?? new Map();
  }

  commit(transaction: Transaction): boolean {
    const now = this.state(this.revision);
    const holds = transaction.preconditions.every(
      ({ key, modRevision }) => (now.get(key)?.modRevision ?? 0) === modRevision,
    );
    if (!holds) return false;
    const next = new Map(now);
    const revision = this.revision + 1;
    const changes: ModelCommit["changes"] = [];
    for (const operation of transaction.operations) {
      const { key } = operation;
      const previous = now.get(key);
      if (operation.type === "put") {
        const text = Buffer.from(operation.value).toString();
        next.set(key, { text, createRevision: previous?.createRevision ?? revision, modRevision: revision });
        changes.push({ type: "put", key, text });
      } else if (previous) {
        next.delete(key);
        changes.push({ type: "delete", key, text: undefined });
      }
    }
    this.states.push(next);
    this.commits.push({ revision, changes });
    return true;
  }

  /** `key=text@create/mod` under a prefix, in order. */
  lines(at: Revision, prefix = ""): string[] {
    return [...this.state(at)]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => `${key}=${entry.text}@${entry.createRevision}/${entry.modRevision}`);
  }
}

export interface ModelEntry {
  readonly text: string;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
}

export interface ModelCommit {
  readonly revision: Revision;
  readonly changes: { type: "put" | "delete"; key: string; text: string | undefined }[];
}

export const someone: Provenance = { user: "alice", verb: "update", requestId: "r-1", at: 1_700_000_000_000 };

/** A transaction in one line: `put("a", "1")`, `remove("b")`. */
export function write(...operations: Transaction["operations"]): Transaction {
  return { preconditions: [], operations, provenance: someone };
}

export function put(key: string, text: string): Transaction["operations"][number] {
  return { type: "put", key, value: Buffer.from(text) };
}

export function remove(key: string): Transaction["operations"][number] {
  return { type: "delete", key };
}

/** The transaction, if the keys stand at these revisions. */
export function provided(
  transaction: Transaction,
  preconditions: Readonly<Record<string, Revision>>,
): Transaction {
  return {
    ...transaction,
    preconditions: Object.entries(preconditions).map(([key, modRevision]) => ({ key, modRevision })),
  };
}

import { messageOf } from "#base";
import { makeMachine, type TestMachine } from "../test/machine.ts";
import { type BenchCluster, startCluster } from "./cluster/bench-cluster.ts";

/** What rows share: one cluster, and what one of them has found out for others. Everything goes at the end. */
export interface Context {
  /** The cluster that most rows use, made by the first that asks. */
  cluster(): Promise<BenchCluster>;
  /** A machine for one row alone. */
  machine(): Promise<TestMachine>;
  /** The result of `make`, which runs once however many rows ask. */
  once<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** Runs when the bench ends, however it ends; last first. */
  onEnd(undo: () => Promise<void>): void;
}

export interface OwnedContext extends Context {
  /**
   * Takes back everything, once, also under a row that goes on: it gets nothing new. Throws what could not be undone, after all
   * else was.
   */
  end(): Promise<void>;
}

export function createContext(): OwnedContext {
  const known = new Map<string, Promise<unknown>>();
  const undoing: (() => Promise<void>)[] = [];
  let ended: Promise<void> | undefined;
  const context: OwnedContext = {
    once<T>(name: string, make: () => Promise<T>): Promise<T> {
      const found = known.get(name) ?? make();
      known.set(name, found);
      return found as Promise<T>;
    },
    onEnd: (undo) => undoing.push(undo),
    async machine() {
      if (ended) throw new Error("the bench has ended");
      const making = makeMachine();
      // One that could not be made has left nothing.
      context.onEnd(async () => (await making.catch(() => undefined))?.remove());
      return making;
    },
    cluster: () => context.once("cluster", () => startCluster(context)),
    end() {
      ended ??= takeBack(undoing);
      return ended;
    },
  };
  return context;
}

async function takeBack(undoing: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let undo = undoing.pop(); undo; undo = undoing.pop()) {
    await undo().catch((error: unknown) => failures.push(error));
  }
  if (failures.length === 0) return;
  const why = failures.map(messageOf).join("; ");
  throw new AggregateError(failures, `not everything could be taken back: ${why}`);
}

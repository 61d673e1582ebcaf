import { createMachine, type TestMachine } from "../test/machine.ts";
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
  /** Takes back everything. Throws what could not be undone, after all else was. */
  end(): Promise<void>;
}

export function createContext(): OwnedContext {
  const known = new Map<string, Promise<unknown>>();
  const undoing: (() => Promise<void>)[] = [];
  const context: OwnedContext = {
    once<T>(name: string, make: () => Promise<T>): Promise<T> {
      const found = known.get(name) ?? make();
      known.set(name, found);
      return found as Promise<T>;
    },
    onEnd: (undo) => undoing.push(undo),
    async machine() {
      const machine = await createMachine();
      let removed: Promise<void> | undefined;
      const remove = () => {
        removed ??= machine.remove();
        return removed;
      };
      context.onEnd(remove);
      return { ...machine, remove };
    },
    cluster: () => context.once("cluster", () => startCluster(context)),
    async end() {
      const failures: unknown[] = [];
      for (let undo = undoing.pop(); undo; undo = undoing.pop()) {
        await undo().catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw new AggregateError(failures, "not everything could be taken back");
    },
  };
  return context;
}

import { setImmediate } from "node:timers/promises";
import type { Store } from "#store";
import { runSeed } from "../runs/run-seed.ts";

/*
 * Plays a small seed and prints how many stores of its cluster are still in memory. A program of its own, run with --expose-gc: the test
 * runner keeps what it follows.
 */
const stores: WeakRef<Store>[] = [];
const storePort = (store: Store) => {
  stores.push(new WeakRef(store));
  return store;
};
await runSeed({ seed: 3, nodes: 3, pods: 6, hours: 0.3, ports: { storePort } });
// In turns of their own: what was looked at in a turn lives to its end.
for (let turn = 0; turn < 20; turn += 1) {
  globalThis.gc?.();
  await setImmediate();
}
const left = stores.filter((store) => store.deref() !== undefined);
process.stdout.write(`${left.length} of ${stores.length} stores are left\n`);

import { systemClock } from "#base";
import { openSqliteStore } from "../sqlite/open.ts";
import { put, write } from "./model.ts";

/*
 * A process that writes until it is killed: `writer-process.ts DIRECTORY`. Says `open REVISION` once, then
 * `REVISION KEY TEXT` for every acknowledged commit, at once: writing to a pipe waits for whoever reads it.
 */
const inFlight = 16;
const store = await openSqliteStore({ directory: process.argv[2] as string, clock: systemClock });
const start = store.revision;
process.stdout.write(`open ${start}\n`);

let serial = 0;
const writer = async (): Promise<never> => {
  for (;;) {
    serial += 1;
    const key = `/k/${serial % 40}`;
    const text = `${start}.${serial}.${"x".repeat(serial % 3000)}`;
    const result = await store.commit(write(put(key, text), put(`/last/${serial % 7}`, text)));
    if (result.committed) process.stdout.write(`${result.commit.revision} ${key} ${text}\n`);
  }
};
await Promise.all(Array.from({ length: inFlight }, writer));

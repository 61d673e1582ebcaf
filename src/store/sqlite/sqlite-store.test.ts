import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { systemClock } from "#base";
import { storeContract } from "../testing/store-contract.ts";
import { storeProperties } from "../testing/store-properties.ts";
import { openSqliteStore } from "./open.ts";

const root = await mkdtemp(join(tmpdir(), "nacre-test-store-"));
let opened = 0;
after(() => rm(root, { recursive: true, force: true }));

storeContract({
  name: "sqlite",
  open: (options) => {
    opened += 1;
    return openSqliteStore({ directory: join(root, `${opened}`), clock: systemClock, ...options });
  },
});

storeProperties({
  name: "sqlite",
  place: () => {
    opened += 1;
    const directory = join(root, `${opened}`);
    return { open: () => openSqliteStore({ directory, clock: systemClock }) };
  },
  reopens: true,
  runs: 20,
});

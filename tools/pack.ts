import { resolve } from "node:path";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { packChassis } from "#scaffold";
import { root } from "./source-files.ts";

/** `npm run pack -- DIR`: `@nacre/chassis` as a package that can be installed, in DIR (absent: here). */
const host = createHost({ clock: systemClock, logger: silentLogger });
const { path } = await packChassis({ host, root, directory: resolve(process.argv[2] ?? ".") });
process.stdout.write(`${path}\n`);

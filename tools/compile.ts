import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allPrograms } from "#cluster";

/**
 * Compiles everything that ships into Node's compile cache (`NODE_COMPILE_CACHE`), so that the first start of a cluster is
 * as fast as the next. Only a cache: what fails here, or was edited since, is compiled when it is first needed.
 */
const source = fileURLToPath(new URL("../src/", import.meta.url));
for (const name of [...allPrograms, "nacre"]) {
  // Without arguments a program says how it is used and ends: by then all its modules were compiled.
  spawnSync(process.execPath, [...process.execArgv, join(source, `main/${name}.ts`)], { stdio: "ignore" });
}
for (const file of readdirSync(source, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".ts") || /\.test\.ts$|^main\/|(^|\/)testing\//.test(file)) continue;
  // A worker's module finds that it is not in a worker; it is compiled all the same.
  await import(join(source, file)).catch(() => {});
}
process.exit(0);

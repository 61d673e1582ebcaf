/**
 * `npm run generate`: writes `src/api/generated` from `src/api/definitions`; with `--import`, those from the official
 * facts first.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generate } from "./generate.ts";
import { generatedDirectory } from "./places.ts";
import { readDefinitions, readDescriptions } from "./read.ts";

if (process.argv.includes("--import")) await import("./import-reference.ts");

const files = generate(readDefinitions(), readDescriptions());
rmSync(generatedDirectory, { recursive: true, force: true });
for (const [path, text] of files) {
  const file = join(generatedDirectory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`${files.size} files written to src/api/generated`);

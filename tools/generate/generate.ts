import type { PackageDefinition } from "../../src/api/definitions/definition.ts";
import type { Descriptions } from "./descriptions.ts";
import { emitDescriptions, emitFingerprint } from "./emit-descriptions.ts";
import { emitTables } from "./emit-tables.ts";
import { banner, emitTokens, emitTypes, fileOf } from "./emit-types.ts";
import { tokenNames, typeNames } from "./names.ts";

/** Every generated file, by its path under `src/api/generated`. A pure function of the definitions. */
export function generate(
  packages: ReadonlyMap<string, PackageDefinition>,
  descriptions: Descriptions,
): Map<string, string> {
  const types = typeNames(packages);
  const naming = { types, tokens: tokenNames(packages, types) };
  const files = new Map<string, string>();
  for (const [owner, definition] of packages) {
    files.set(`types/${fileOf(owner)}.ts`, emitTypes(owner, definition, naming, descriptions));
  }
  const exports = [...packages.keys()].map((owner) => `export type * from "./types/${fileOf(owner)}.ts";\n`);
  files.set("types.ts", banner + exports.join(""));
  files.set("resources.ts", emitTokens(packages, naming));
  files.set("tables.ts", emitTables(packages));
  files.set("descriptions.ts", emitDescriptions(descriptions));
  files.set("fingerprint.ts", emitFingerprint(packages, descriptions));
  return files;
}

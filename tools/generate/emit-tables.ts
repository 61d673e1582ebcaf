import type { PackageDefinition } from "../../src/api/definitions/definition.ts";
import { banner, fileOf } from "./emit-types.ts";

/**
 * The definitions as the running program reads them: per type one string of JSON, parsed when the type is first
 * asked for, so that starting costs nothing and an idle server holds only the types that it uses.
 */
export function emitTable(definition: PackageDefinition): string {
  const { resources: _, types, ...head } = definition;
  const lines = Object.entries(types).map(
    ([name, type]) => `    ${JSON.stringify(name)}: ${quoted(JSON.stringify(type))},\n`,
  );
  const attributes = Object.entries(head).map(([key, value]) => `  ${key}: ${JSON.stringify(value)},\n`);
  return `${banner}import type { PackageTable } from "../../definitions/definition.ts";

export const table: PackageTable = {
${attributes.join("")}  types: {
${lines.join("")}  },
};
`;
}

export function emitTableIndex(packages: ReadonlyMap<string, PackageDefinition>): string {
  const imports = [...packages.keys()].map(
    (owner, index) => `import { table as table${index} } from "./tables/${fileOf(owner)}.ts";\n`,
  );
  const entries = [...packages.keys()].map((owner, index) => `  ${JSON.stringify(owner)}: table${index},\n`);
  return `${banner}import type { PackageTable } from "../definitions/definition.ts";
${imports.join("")}
/** By package: \`apps.v1\`. */
export const tables: Readonly<Record<string, PackageTable>> = {
${entries.join("")}};
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

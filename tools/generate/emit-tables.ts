import type { PackageDefinition } from "../../src/api/definitions/definition.ts";
import { banner } from "./emit-types.ts";

/**
 * The definitions as the running program reads them: per type one string of JSON, parsed when the type is first
 * asked for, so that starting costs nothing and an idle server holds only the types that it uses. One file, because
 * every module costs time at start.
 */
export function emitTables(packages: ReadonlyMap<string, PackageDefinition>): string {
  const entries = [...packages].map(
    ([owner, definition]) => `  ${JSON.stringify(owner)}: ${table(definition)},\n`,
  );
  return `${banner}import type { PackageTable } from "../definitions/definition.ts";

/** By package: \`apps.v1\`. */
export const tables: Readonly<Record<string, PackageTable>> = {
${entries.join("")}};
`;
}

function table(definition: PackageDefinition): string {
  const { resources: _, order: __, types, ...head } = definition;
  const attributes = Object.entries(head).map(([key, value]) => `    ${key}: ${JSON.stringify(value)},\n`);
  const lines = Object.entries(types).map(
    ([name, type]) => `      ${JSON.stringify(name)}: ${quoted(JSON.stringify(type))},\n`,
  );
  return `{\n${attributes.join("")}    types: {\n${lines.join("")}    },\n  }`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

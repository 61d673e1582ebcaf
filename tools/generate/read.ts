import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { PackageDefinition } from "../../src/api/definitions/definition.ts";
import type { Descriptions } from "./descriptions.ts";
import { definitionsDirectory } from "./places.ts";

/** All packages by short name (`apps.v1`), in the order of their names. */
export function readDefinitions(): Map<string, PackageDefinition> {
  const files = readdirSync(definitionsDirectory)
    .filter((file) => file.endsWith(".json"))
    .sort();
  return new Map(
    files.map((file) => [
      basename(file, ".json"),
      JSON.parse(readFileSync(join(definitionsDirectory, file), "utf8")) as PackageDefinition,
    ]),
  );
}

/** Our own sentences: per package one flat map, `Type` and `Type.field` to what it is for. */
export function readDescriptions(): Descriptions {
  const directory = join(definitionsDirectory, "descriptions");
  const files = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith(".json")) : [];
  const maps = new Map(
    files.map((file) => [
      basename(file, ".json"),
      JSON.parse(readFileSync(join(directory, file), "utf8")) as Readonly<Record<string, string>>,
    ]),
  );
  return {
    type: (owner, type) => maps.get(owner)?.[type],
    field: (owner, type, field) => maps.get(owner)?.[`${type}.${field}`],
    all: maps,
  };
}

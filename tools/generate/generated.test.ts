import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generate } from "./generate.ts";
import { generatedDirectory } from "./places.ts";
import { readDefinitions, readDescriptions } from "./read.ts";

const files = generate(readDefinitions(), readDescriptions());

test("the generated files are what the definitions say: else `npm run generate`", () => {
  for (const [path, text] of files) {
    const file = join(generatedDirectory, path);
    assert.ok(existsSync(file), `src/api/generated/${path} is missing: npm run generate`);
    assert.ok(readFileSync(file, "utf8") === text, `src/api/generated/${path} is stale: npm run generate`);
  }
});

test("nothing else lies among the generated files", () => {
  const present = readdirSync(generatedDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(generatedDirectory.length + 1));
  assert.deepEqual(present.sort(), [...files.keys()].sort());
});

test("every description is about a type or field that exists", () => {
  const packages = readDefinitions();
  for (const [owner, sentences] of readDescriptions().all) {
    if (owner === "scalars") continue;
    for (const [name, sentence] of Object.entries(sentences)) {
      const [type = "", ...field] = name.split(".");
      const definition = packages.get(owner)?.types[type];
      assert.ok(definition, `descriptions/${owner}.json: there is no type ${type}`);
      if (field.length > 0) {
        assert.ok(
          Object.hasOwn(definition.fields, field.join(".")),
          `descriptions/${owner}.json: there is no field ${name}`,
        );
      }
      assert.match(sentence, /^[^\n]{3,400}$/, `descriptions/${owner}.json: ${name} is not one short line`);
    }
  }
});

test("every type and every field has a sentence of its own", () => {
  const { all } = readDescriptions();
  const missing = [...readDefinitions()].flatMap(([owner, { types }]) =>
    Object.entries(types).flatMap(([type, { fields }]) =>
      [type, ...Object.keys(fields).map((field) => `${type}.${field}`)]
        .filter((name) => !all.get(owner)?.[name])
        .map((name) => `${owner}: ${name}`),
    ),
  );
  assert.deepEqual(missing, []);
});

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { codeOnly, lineOf, root, sourceFiles } from "./source-files.ts";

/** One idea per file: ask why at 300 lines, stop here. */
const longestFile = 500;

const code = ["src", "test", "tools", "bench", "examples"].flatMap((folder) => sourceFiles(folder, ".ts"));
const pages = [...sourceFiles("docs", ".md"), ...sourceFiles("src", ".md")];

test(`no source file is longer than ${longestFile} lines`, () => {
  const long = code.map(({ path, text }) => ({ path, lines: text.split("\n").length }));
  assert.deepEqual(
    long.filter(({ lines }) => lines > longestFile),
    [],
  );
});

test("files are named in kebab-case after the one idea they hold", () => {
  const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|integration\.test))?\.ts$/;
  const wrong = code.map(({ path }) => path).filter((path) => !name.test(path.split("/").at(-1) as string));
  assert.deepEqual(wrong, []);
});

test("no file or folder is called util, helper or manager: those are not ideas", () => {
  const wrong = code
    .map(({ path }) => path)
    .filter((path) => /\b(utils?|helpers?|managers?|misc|common)\b/.test(path));
  assert.deepEqual(wrong, []);
});

test("every folder of src has a public face and a page that explains it", () => {
  const missing = readdirSync(join(root, "src"))
    .flatMap((folder) =>
      (folder === "main" ? ["README.md"] : ["README.md", "mod.ts"]).map((file) => `src/${folder}/${file}`),
    )
    .filter((path) => !existsSync(join(root, path)));
  assert.deepEqual(missing, []);
});

test("nothing is left for later in the code", () => {
  const wrong = code
    .filter(({ path }) => path !== "tools/tidy.test.ts")
    .flatMap(({ path, text }) => {
      const match =
        /\b(TODO|FIXME|XXX|HACK)\b|\b(test|it|describe)\.(only|todo)\b|@ts-(ignore|expect-error|nocheck)/.exec(
          text,
        );
      return match ? [`${path}:${lineOf(text, match.index)} ${match[0]}`] : [];
    });
  assert.deepEqual(wrong, []);
});

test("what people run needs nothing of the tests", () => {
  const wrong = code
    .filter(({ path }) => /^(src|tools|examples)\//.test(path))
    .flatMap(({ path, text }) => {
      const match = /from "(?:\.\.\/)+test\/[^"]*"/.exec(text);
      return match ? [`${path}:${lineOf(text, match.index)} imports ${match[0]}`] : [];
    });
  assert.deepEqual(wrong, []);
});

test("unit tests change nothing in the process that they share", () => {
  const changes =
    /^(before|after)Each\(|\bmock\.|\bprocess\.(on|once|chdir|exit|umask)\(|\bprocess\.(env\.\w+|exitCode) = /m;
  const wrong = code
    .filter(({ path }) => /^(src|tools)\/.*(?<!\.integration)\.test\.ts$/.test(path))
    .flatMap(({ path, text }) => {
      const searched = codeOnly(text);
      const match = changes.exec(searched);
      return match ? [`${path}:${lineOf(searched, match.index)} ${match[0]}`] : [];
    });
  assert.deepEqual(wrong, [], "hooks of each test stand in a describe; the rest is for integration tests");
});

test("links between pages lead somewhere", () => {
  const readme = sourceFiles(".", "README.md").filter(({ path }) => path === "README.md");
  const broken = [...pages, ...readme].flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map((match) => match[1] as string)
      .filter((target) => !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path} → ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("decision records are numbered once each and say what was decided", () => {
  const records = sourceFiles("docs/decisions", ".md").filter(({ path }) => /\/\d{4}-/.test(path));
  const numbers = records.map(({ path }) => /\/(\d{4})-/.exec(path)?.[1]);
  assert.equal(new Set(numbers).size, numbers.length, `two records share a number: ${numbers.join(" ")}`);
  for (const { path, text } of records) {
    for (const heading of ["Context", "Decision", "Consequences"]) {
      assert.match(text, new RegExp(`^## ${heading}`, "m"), `${path} lacks "## ${heading}"`);
    }
  }
});

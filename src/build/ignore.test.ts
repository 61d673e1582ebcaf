import assert from "node:assert/strict";
import { test } from "node:test";
import { ignoreFrom } from "./ignore.ts";

test("history, installed packages and local secrets never enter an image", () => {
  const ignored = ignoreFrom("");
  for (const path of [
    ".git/HEAD",
    "node_modules/pg/index.js",
    ".env",
    ".env.local",
    "deep/.env",
    "npm.log",
  ]) {
    assert.equal(ignored(path), true, path);
  }
  for (const path of ["server.ts", "environment.ts", "git/x", "log.ts"])
    assert.equal(ignored(path), false, path);
});

test("a pattern takes what is below it along, and a later exclamation mark takes back", () => {
  const ignored = ignoreFrom("# tests\ntest\n**/*.tmp\n!keep.tmp\n/docs/*.md\n");
  assert.equal(ignored("test/deep/a.ts"), true);
  assert.equal(ignored("src/test/a.ts"), false);
  assert.equal(ignored("a/b.tmp"), true);
  assert.equal(ignored("keep.tmp"), false);
  assert.equal(ignored("docs/a.md"), true);
  assert.equal(ignored("docs/deep/a.md"), false);
});

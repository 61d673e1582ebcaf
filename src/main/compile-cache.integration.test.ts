import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));

test("a program runs when its compile cache cannot be written", () => {
  const file = join(directory, "a-file");
  writeFileSync(file, "");
  const { status, stderr } = runDns(join(file, "cache"));
  assert.match(stderr, /^usage: dns/);
  assert.equal(status, 2);
});

test("a program runs when its compile cache was cut short, as by a full disk", () => {
  const cache = join(directory, "cache");
  assert.equal(runDns(cache).status, 2);
  const files = filesIn(cache);
  assert.ok(files.length > 50, `${files.length} files were cached`);
  for (const [index, file] of files.entries()) truncateSync(file, index % 3 === 0 ? 0 : 100);
  assert.equal(runDns(cache).status, 2);
});

test("an edited file takes effect at the next start, and what was compiled is kept after a start that is killed", () => {
  const cache = join(directory, "edited");
  const source = join(directory, "source");
  mkdirSync(source);
  writeFileSync(join(source, "package.json"), '{ "type": "module" }');
  const file = join(source, "program.ts");
  const killed = `import { flushCompileCache } from "node:module"; flushCompileCache(); process.kill(process.pid, "SIGKILL");`;
  writeFileSync(file, `const word: string = "first"; console.log(word); ${killed}`);
  assert.match(run(file, cache).stdout, /first/);
  assert.notDeepEqual(filesIn(cache), []);
  writeFileSync(file, `const word: string = "later"; console.log(word); ${killed}`);
  assert.match(run(file, cache).stdout, /later/);
});

function runDns(cache: string): { status: number | null; stderr: string } {
  return run(join(import.meta.dirname, "dns.ts"), cache);
}

function run(file: string, cache: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", file], {
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

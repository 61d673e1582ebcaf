import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

/*
 * Every block of TypeScript in docs/guides/chassis is a program: it is run as it stands, and has to print what its comments `// → …` say, line by
 * line. A block after a line such as `orders.ts`: has that name, so that later blocks of the page can import it.
 */

const guides = join(import.meta.dirname, "../../docs/guides/chassis");

interface Block {
  readonly name: string;
  readonly source: string;
}

for (const page of readdirSync(guides).filter((name) => name.endsWith(".md"))) {
  const blocks = blocksOf(readFileSync(join(guides, page), "utf8"));
  test(`what ${page} shows runs and prints what it says`, { skip: blocks.length === 0 }, async (context) => {
    const directory = mkdtempSync(join(tmpdir(), "chassis-guide-"));
    context.after(() => rmSync(directory, { recursive: true }));
    installChassis(directory);
    for (const { name, source } of blocks) {
      writeFileSync(join(directory, name), source);
      assert.deepEqual(await run(join(directory, name)), promised(source), `${name} of ${page}`);
    }
  });
}

function blocksOf(markdown: string): Block[] {
  const pattern = /(?:^`([\w-]+\.ts)`:\n\n)?^```ts\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(pattern)].map(([, name, source], at) => ({
    name: name ?? `block-${at + 1}.ts`,
    source: source as string,
  }));
}

/** What a program says it prints. */
function promised(source: string): string[] {
  return [...source.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line as string);
}

/** What a program prints, but for its log. It ends by itself. */
async function run(path: string): Promise<string[]> {
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
  });
  const [printed, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  assert.equal(code, 0, complaints);
  return printed.split("\n").filter((line) => line !== "" && !line.startsWith('{"time"'));
}

/** `@nacre/chassis` as a program finds it, leading here. */
function installChassis(directory: string): void {
  const installed = join(directory, "node_modules/@nacre/chassis");
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  writeFileSync(join(installed, "package.json"), '{"type":"module","exports":"./mod.ts"}');
  symlinkSync(join(import.meta.dirname, "mod.ts"), join(installed, "mod.ts"));
}

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, type TestContext, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { installChassis } from "#scaffold";
import { freePort, lacksNats, lacksPostgres, type RealPostgres, realNats, realPostgres } from "#testing";

/*
 * Every block of TypeScript in docs/guides/chassis is a program: it is run as it stands, and has to print what its comments `// → …` say, line by
 * line. A block after a line such as `orders.ts`: has that name, so that later blocks of the page can import it. One that asks for a DATABASE_URL gets an empty database, one that asks for
 * a NATS_URL a server for itself, to which devices connect at the MQTT_URL.
 */

const root = join(import.meta.dirname, "../..");
const guides = join(root, "docs/guides/chassis");

interface Block {
  readonly name: string;
  readonly source: string;
}

const chassis = packages();
let postgres: Promise<RealPostgres> | undefined;
after(async () => {
  await (await postgres)?.stop();
  rmSync(await chassis, { recursive: true });
});

for (const page of readdirSync(guides).filter((name) => name.endsWith(".md"))) {
  const blocks = blocksOf(readFileSync(join(guides, page), "utf8"));
  const asksForDatabase = ({ source }: Block) => source.includes("process.env.DATABASE_URL");
  const asksForNats = ({ source }: Block) => source.includes("process.env.NATS_URL");
  const skip =
    blocks.length === 0 ||
    (blocks.some(asksForDatabase) && lacksPostgres()) ||
    (blocks.some(asksForNats) && lacksNats());
  test(`what ${page} shows runs and prints what it says`, { skip: skip || false }, async (context) => {
    const directory = mkdtempSync(join(tmpdir(), "chassis-guide-"));
    context.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, "package.json"), '{"type":"module"}');
    symlinkSync(join(await chassis, "node_modules"), join(directory, "node_modules"));
    for (const block of blocks) {
      const path = join(directory, block.name);
      writeFileSync(path, block.source);
      const environment = {
        ...(asksForDatabase(block) ? { DATABASE_URL: await emptyDatabase() } : {}),
        ...(asksForNats(block) ? await natsFor(context) : {}),
      };
      assert.deepEqual(await run(path, environment), promised(block.source), `${block.name} of ${page}`);
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

async function emptyDatabase(): Promise<string> {
  postgres ??= realPostgres();
  return (await postgres).createDatabase();
}

async function natsFor(context: TestContext): Promise<Readonly<Record<string, string>>> {
  const port = await freePort();
  const nats = await realNats({ configuration: `mqtt { listen: "127.0.0.1:${port}" }` });
  context.after(() => nats.stop());
  return { NATS_URL: nats.url, MQTT_URL: `mqtt://127.0.0.1:${port}` };
}

/** What a program prints, but for its log. It ends by itself. */
async function run(path: string, environment: Readonly<Record<string, string>>): Promise<string[]> {
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 90_000,
  });
  const [printed, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  assert.equal(code, 0, complaints);
  return printed.split("\n").filter((line) => line !== "" && !line.startsWith('{"time"'));
}

/** A folder with `@nacre/chassis` as it is packed. */
async function packages(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "chassis-installed-"));
  const host = createHost({ clock: systemClock, logger: silentLogger });
  await installChassis({ host, root, directory });
  // What a page has its reader install beside it.
  symlinkSync(join(root, "node_modules/mqtt"), join(directory, "node_modules/mqtt"));
  return directory;
}

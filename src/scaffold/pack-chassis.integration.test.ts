import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { packChassis } from "./pack-chassis.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const root = join(import.meta.dirname, "../..");

/** An empty folder with the package installed, as anybody would do it. */
let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "nacre-test-pack-"));
  await writeFile(join(directory, "package.json"), '{"type":"module"}');
  const { path } = await packChassis({ host, root, directory });
  await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", path);
});
after(() => rm(directory, { recursive: true }));

function run(program: string, ...words: string[]) {
  return host.run({
    program,
    arguments: words,
    directory,
    timeoutMs: 120_000,
    allowFailure: true,
    environment,
  });
}

const environment = {
  ...(process.env as Record<string, string>),
  HOST: "127.0.0.1",
  PORT: "0",
  DRAIN_DELAY: "0ms",
};

const program = `
import { client, get, service, setting, t } from "@nacre/chassis";

const api = { greet: get("/hello/{name}", { answers: { 200: t.object({ text: t.string() }) } }) };
const it = service({
  name: "greeter",
  version: "1.0.0",
  config: { greeting: setting.string({ default: "Hello" }) },
  routes: api,
  handlers: ({ config }) => ({ greet: ({ params }) => ({ text: \`\${config.current.greeting}, \${params.name}\` }) }),
});
await it.start();
const { text } = await client(api, { baseUrl: it.url }).greet({ params: { name: "Ada" } });
console.log(text.toUpperCase());
await it.stop();
`;

/** What a handler is given can be handed on: every type of it has a name. */
const parts = `
import type { Clock, Logger, Metrics, Random, ServiceContext, Tracer } from "@nacre/chassis";

interface Parts { clock: Clock; logger: Logger; metrics: Metrics; random: Random; tracer: Tracer; }
export const partsOf = (context: ServiceContext<{}>): Parts => context;
`;

test("a service runs on the package alone", async () => {
  await writeFile(join(directory, "greeter.ts"), program);
  const { exitCode, stdout, stderr } = await run(process.execPath, "greeter.ts");
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
  assert.match(stdout, /^HELLO, ADA$/m);
});

test("every face of it can be imported, and is typed; so strictly that a mistake in a service is found", async () => {
  await writeFile(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { module: "nodenext", target: "esnext", strict: true, noEmit: true, types: ["node"] },
      include: ["typed/*.ts"],
    }),
  );
  const tsc = () => run(join(root, "node_modules/.bin/tsc"));
  const { exports } = JSON.parse(
    (await host.files.read(join(directory, "node_modules/@nacre/chassis/package.json"))) ?? "",
  );
  const faces = Object.keys(exports).map((face) => face.replace(".", "@nacre/chassis"));
  assert.ok(faces.includes("@nacre/chassis/data"));
  const imports = faces.map(
    (face, at) => `import * as face${at} from "${face}";\nconsole.log(Object.keys(face${at}).length);\n`,
  );
  await host.files.makeDirectory(join(directory, "typed"));
  await writeFile(join(directory, "typed/faces.ts"), imports.join(""));
  await writeFile(join(directory, "typed/parts.ts"), parts);
  await writeFile(join(directory, "typed/greeter.ts"), program);
  assert.deepEqual(await tsc(), { exitCode: 0, stdout: "", stderr: "" });
  const { stdout, stderr } = await run(process.execPath, "typed/faces.ts");
  assert.equal(stdout.match(/^[1-9]\d*$/gm)?.length, faces.length, stderr);

  await writeFile(join(directory, "typed/greeter.ts"), program.replace("params.name", "params.nome"));
  assert.match(
    (await tsc()).stdout,
    /typed\/greeter\.ts\(\d+,\d+\): error TS2339: Property 'nome' does not exist/,
  );
});

test("there are no tests in it, nothing of the rest of Nacre, and no source", async () => {
  const files = await readdir(join(directory, "node_modules/@nacre/chassis"), { recursive: true });
  assert.deepEqual(files.filter((path) => !/^(base|chassis)(\/|$)/.test(path)).sort(), [
    "LICENSE",
    "README.md",
    "package.json",
  ]);
  assert.deepEqual(
    files.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path)),
    [],
  );
});

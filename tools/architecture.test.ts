import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOnly, lineOf, type SourceFile, sourceFiles } from "./source-files.ts";

/**
 * Who may import whom, besides itself and `base`. Adding a word here is a decision record. `testing` may be imported
 * by tests everywhere, `main` by nobody.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: [],
  store: [],
  client: ["api"],
  apiserver: ["api", "store"],
  reconcile: ["api", "client"],
  controllers: ["api", "client", "reconcile"],
  scheduler: ["api", "client"],
  host: [],
  runtime: ["host"],
  network: ["api", "client", "host"],
  agent: ["api", "client", "host", "runtime", "network"],
  build: ["host", "runtime"],
  scaffold: ["host"],
  cluster: ["host", "network"],
  cli: ["api", "client", "build"],
  chassis: [],
  simulator: ["api", "store", "client", "apiserver", "reconcile", "controllers", "scheduler", "agent"],
  testing: [
    "api",
    "store",
    "client",
    "apiserver",
    "reconcile",
    "controllers",
    "scheduler",
    "host",
    "runtime",
    "network",
    "agent",
    "chassis",
  ],
  main: [
    "api",
    "store",
    "client",
    "apiserver",
    "reconcile",
    "controllers",
    "scheduler",
    "host",
    "runtime",
    "network",
    "agent",
    "build",
    "scaffold",
    "cluster",
    "cli",
    "simulator",
  ],
};

/** A name that only some may use, and what to use instead. */
interface Ban {
  readonly pattern: RegExp;
  readonly allowed: (path: string) => boolean;
  readonly instead: string;
}

const inFolder =
  (...folders: string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(`src/${folder}/`));

const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\b|\bnew Date\(\)|(?<!\.)\bsetTimeout\b|\bsetInterval\b|\bperformance\.now\b/,
    allowed: inFolder("base"),
    instead: "time is a parameter, so that the simulator can turn it: take a `Clock` from #base",
  },
  {
    pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/,
    allowed: inFolder("base"),
    instead: "randomness is a parameter, so that a seed reproduces a run: take a `Random` from #base",
  },
  {
    pattern: /node:child_process/,
    allowed: inFolder("host"),
    instead:
      "only host touches the machine, so every program is logged and timed out: take a `Host` from #host",
  },
];

const source = sourceFiles("src", ".ts");
const shipped = source.filter(({ path }) => !path.endsWith(".test.ts") && !path.startsWith("src/testing/"));

test("every folder of src stands in the table of imports", () => {
  const folders = new Set(source.map(({ path }) => folderOf(path)));
  assert.deepEqual(
    [...folders].filter((folder) => !(folder in mayImport)),
    [],
  );
});

test("folders import one another only as the table allows, and only through their faces", () => {
  const wrong: string[] = [];
  for (const file of source) {
    for (const { target, line } of importsOf(file)) {
      const complaint = complain(file.path, target);
      if (complaint) wrong.push(`${file.path}:${line} imports ${target}: ${complaint}`);
    }
  }
  assert.deepEqual(wrong, []);
});

for (const ban of bans) {
  test(`nothing outside its place uses ${ban.pattern.source}`, () => {
    const wrong = shipped
      .filter(({ path }) => !ban.allowed(path))
      .flatMap((file) => {
        const searched = ban.pattern.source.startsWith("node:") ? file.text : codeOnly(file.text);
        const match = ban.pattern.exec(searched);
        return match
          ? [`${file.path}:${lineOf(searched, match.index)} uses ${match[0]}: ${ban.instead}`]
          : [];
      });
    assert.deepEqual(wrong, []);
  });
}

test("base, api and client run in a browser, except client/node.ts and what is below it", () => {
  const wrong = shipped
    .filter(({ path }) => inFolder("base", "api", "client")(path) && !path.startsWith("src/client/node"))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ target }) => target.startsWith("node:"))
        .map(({ target, line }) => `${file.path}:${line} imports ${target}`),
    );
  assert.deepEqual(wrong, []);
});

test("only the API server, the programs and the simulator open the store", () => {
  const wrong = shipped
    .filter((file) => importsOf(file).some(({ target }) => target === "#store"))
    .filter(({ path }) => !inFolder("apiserver", "main", "simulator", "store")(path));
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  );
});

function complain(path: string, target: string): string | undefined {
  const from = folderOf(path);
  if (/(?:^|\/)#?testing(?:\/|$)/.test(target) && !isForTests(path)) return "only tests import testing";
  if (target.startsWith(".")) {
    return leavesFolder(path, target)
      ? "inside a folder paths are relative, between folders use #face"
      : undefined;
  }
  if (!target.startsWith("#")) return undefined;
  const to = target.slice(1).split("/")[0] as string;
  if (to === from || to === "base" || to === "testing") return undefined;
  if (path.endsWith(".test.ts") && from !== "base") return undefined;
  return mayImport[from]?.includes(to)
    ? undefined
    : `${from} may import ${(mayImport[from] ?? []).join(", ") || "nothing"}`;
}

/** A test, or what tests share: in `src/testing`, or in a folder `testing` of their own. */
function isForTests(path: string): boolean {
  return path.endsWith(".test.ts") || path.includes("/testing/");
}

function leavesFolder(path: string, target: string): boolean {
  const depth = path.split("/").length - 3;
  const ups = target.split("/").filter((part) => part === "..").length;
  return ups > depth;
}

function importsOf(file: SourceFile): { target: string; line: number }[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s*["']([^"']+)["']/g;
  return [...file.text.matchAll(pattern)].map((match) => ({
    target: (match[1] ?? match[2] ?? match[3]) as string,
    line: lineOf(file.text, match.index + match[0].length),
  }));
}

function folderOf(path: string): string {
  return path.split("/")[1] as string;
}

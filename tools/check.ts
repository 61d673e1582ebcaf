import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { performance } from "node:perf_hooks";
import { root } from "./source-files.ts";

/*
 * `npm run check`, or with a name only the steps that begin so: `npm run unit`. As many steps run beside one another as
 * there are cores. One that fails shows all it said, one that passes how long it took. Exit code 1 when any failed.
 */

interface Step {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** What a step may keep for its next run. */
const cache = join(root, "node_modules/.cache");

/** Long ones first, so that no core is idle at the end. */
const steps: readonly Step[] = [
  { name: "unit tests, first half", command: unitTests("1/2") },
  { name: "unit tests, second half", command: unitTests("2/2") },
  { name: "types", command: ["tsc", "--noEmit", "--incremental", "--tsBuildInfoFile", join(cache, "types")] },
  { name: "format and lint", command: ["biome", "check", "--error-on-warnings", "."] },
  { name: "unused code", command: ["knip"] },
];

/**
 * The files of a half share a process: to start one, and to load what is tested, takes longer than most tests. That each
 * also stands alone is seen by `npm run test:long`.
 */
function unitTests(shard: string): Step["command"] {
  const files = "{src,tools}/**/!(*.integration).test.ts";
  const how = [
    "--test-isolation=none",
    `--test-shard=${shard}`,
    "--test-timeout=60000",
    "--test-force-exit",
    "--test-reporter=dot",
  ];
  return [process.execPath, "--test", ...how, files];
}

/** By far longer than any step takes: it hangs. */
const deadlineMs = 300_000;

const waiting = steps.filter(({ name }) => name.startsWith(process.argv[2] ?? "")).values();
const failed: string[] = [];
await Promise.all(Array.from({ length: availableParallelism() }, runWaiting));
if (failed.length > 0) {
  process.stdout.write(`\nfailed: ${failed.join("; ")}\n`);
  process.exitCode = 1;
}

async function runWaiting(): Promise<void> {
  for (const step of waiting) if (!(await passes(step))) failed.push(step.name);
}

async function passes({ name, command: [program, ...args] }: Step): Promise<boolean> {
  const from = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    env: {
      ...process.env,
      PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
      NODE_COMPILE_CACHE: join(cache, "compiled"),
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: deadlineMs,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (said += text));
  const ended = Promise.withResolvers<boolean>();
  child.on("error", ended.reject).on("close", (code) => ended.resolve(code === 0));
  const passed = await ended.promise;
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  process.stdout.write(`${passed ? "✔" : "✖"} ${name} (${seconds} s)\n${passed ? "" : said}`);
  return passed;
}

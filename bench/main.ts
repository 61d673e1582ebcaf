import { parseArgs } from "node:util";
import { messageOf } from "#base";
import { createContext } from "./context.ts";
import type { Row } from "./row.ts";
import { rows } from "./rows/registry.ts";
import { studies } from "./studies/registry.ts";
import type { Study } from "./studies/study.ts";
import { jsonOf, type Outcome, tableOf } from "./table.ts";

/**
 * `npm run bench [-- NAME…] [-- -o json]`: measures rows, then prints the table; a study prints its own, and runs only when it is named.
 * Progress goes to the error output. Exit code 1 when something could not be measured; a figure beyond its budget is no failure.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: "string", short: "o", default: "table" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const known = [...rows, ...studies];
const unknown = positionals.filter((name) => !known.some((one) => one.name === name));
if (values.help || unknown.length > 0 || !["table", "json"].includes(values.output)) {
  const listed = (some: typeof known) =>
    some.map(({ name, what }) => `  ${name.padEnd(18)}${what}`).join("\n");
  if (unknown.length > 0) process.stderr.write(`bench: there is no row or study ${unknown.join(", ")}\n\n`);
  const names = `rows, all unless named:\n${listed([...rows])}\n\nstudies, only when named:\n${listed([...studies])}\n`;
  process.stderr.write(`usage: npm run bench -- [-o table|json] [NAME…]\n\n${names}`);
  process.exit(values.help ? 0 : 2);
}
if (process.getuid?.() !== 0) {
  process.stderr.write("bench: starting clusters needs root; try: sudo npm run bench\n");
  process.exit(2);
}

const context = createContext();
let interrupted = false;
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  // However often it comes: who is impatient would leave a cluster behind.
  process.on(signal, () => {
    if (!interrupted) process.stderr.write("taking everything back …\n");
    interrupted = true;
    void leave(code);
  });
}
const outcomes: Outcome[] = [];
const printed: string[] = [];
let failures = 0;
for (const row of rows) {
  if (positionals.length === 0 || positionals.includes(row.name)) outcomes.push(await measure(row));
  if (interrupted) break;
}
for (const study of studies) {
  if (positionals.includes(study.name) && !interrupted) await carryOut(study);
}
if (outcomes.length > 0) printed.unshift(values.output === "json" ? jsonOf(outcomes) : tableOf(outcomes));
failures += outcomes.filter(({ failure }) => failure !== undefined).length;
if (!interrupted) await leave(failures > 0 ? 1 : 0);

/** Ends the bench once everything is taken back; with its tables, unless it was cut short. */
async function leave(code: number): Promise<void> {
  let failure: unknown;
  await context.end().catch((error: unknown) => {
    failure = error;
  });
  if (!interrupted) process.stdout.write(`${printed.join("\n\n")}\n`);
  if (failure !== undefined) process.stderr.write(`bench: ${messageOf(failure)}\n`);
  process.exit(failure === undefined ? code : 1);
}

async function measure(row: Row): Promise<Outcome> {
  process.stderr.write(`${row.what} … `);
  const began = performance.now();
  const outcome = await row.measure(context).then(
    (measured): Outcome => ({ row, measured }),
    (error: unknown): Outcome => ({ row, failure: messageOf(error) }),
  );
  if (interrupted) return outcome;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stderr.write(outcome.failure === undefined ? `${seconds} s\n` : `failed: ${outcome.failure}\n`);
  return outcome;
}

async function carryOut(study: Study): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const result = await study.run(context, say);
    printed.push(values.output === "json" ? JSON.stringify(result.json, null, 2) : result.text);
    failures += result.failures;
  } catch (error) {
    say(`${study.name} failed: ${messageOf(error)}`);
    failures += 1;
  }
}

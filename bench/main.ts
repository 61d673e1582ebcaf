import { parseArgs } from "node:util";
import { messageOf } from "#base";
import { createContext } from "./context.ts";
import type { Row } from "./row.ts";
import { rows } from "./rows/registry.ts";
import { jsonOf, type Outcome, tableOf } from "./table.ts";

/**
 * `npm run bench [-- ROW…] [-- -o json]`: measures, then prints the table. Progress goes to the error output. Exit code 1
 * when a row could not be measured; a figure beyond its budget is no failure.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: "string", short: "o", default: "table" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const unknown = positionals.filter((name) => !rows.some((row) => row.name === name));
if (values.help || unknown.length > 0 || !["table", "json"].includes(values.output)) {
  const names = rows.map((row) => `  ${row.name.padEnd(16)}${row.what}`).join("\n");
  if (unknown.length > 0) process.stderr.write(`bench: there is no row ${unknown.join(", ")}\n\n`);
  process.stderr.write(`usage: npm run bench -- [-o table|json] [ROW…]\n\n${names}\n`);
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
for (const row of rows) {
  if (positionals.length === 0 || positionals.includes(row.name)) outcomes.push(await measure(row));
  if (interrupted) break;
}
if (!interrupted) await leave(outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0);

/** Ends the bench once everything is taken back; with its table, unless it was cut short. */
async function leave(code: number): Promise<void> {
  let failure: unknown;
  await context.end().catch((error: unknown) => {
    failure = error;
  });
  if (!interrupted)
    process.stdout.write(`${values.output === "json" ? jsonOf(outcomes) : tableOf(outcomes)}\n`);
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

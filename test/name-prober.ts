import { createSocket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import { type Answer, decode, encode } from "dns-packet";

/**
 * Asks DNS servers for a name all the time until SIGTERM, as resolvers do: once more when there is no answer within a
 * second, for ten seconds. Then prints what came of it as one line of JSON. usage: name-prober.ts NAME ADDRESS…
 */
export interface ProbeReport {
  readonly asked: number;
  readonly answered: number;
  /** Questions that needed more than one try. */
  readonly repeated: number;
  readonly failures: readonly string[];
  readonly addresses: readonly string[];
}

const [name = "", ...servers] = process.argv.slice(2);
const report = { asked: 0, answered: 0, repeated: 0, failures: [] as string[] };
const addresses = new Set<string>();
const ended = new AbortController();
process.once("SIGTERM", () => ended.abort());

while (!ended.signal.aborted) {
  const server = servers[report.asked % servers.length] ?? "";
  report.asked++;
  await resolve(server);
  if (report.answered === 1) console.log("under way");
  await pause(20);
}
console.log(JSON.stringify({ ...report, addresses: [...addresses] }));
process.exit(0);

async function resolve(server: string): Promise<void> {
  for (let tries = 1; tries <= 10; tries++) {
    const found = await ask(server).catch((error: Error) => error);
    if (Array.isArray(found)) {
      for (const address of found) addresses.add(address);
      report.answered++;
      if (tries > 1) report.repeated++;
      return;
    }
    if (tries === 10) report.failures.push(`${server}: ${found.message}`);
  }
}

function ask(server: string): Promise<string[]> {
  const socket = createSocket("udp4");
  return new Promise<string[]>((answer, fail) => {
    const timer = setTimeout(() => fail(new Error("no answer within a second")), 1_000);
    socket.once("error", fail);
    socket.once("message", (bytes) => {
      clearTimeout(timer);
      const { answers = [], rcode } = decode(bytes) as { answers?: Answer[]; rcode?: string };
      const found = answers.flatMap((one) => (one.type === "A" ? [one.data] : []));
      if (found.length > 0) answer(found);
      else fail(new Error(`answered ${rcode}`));
    });
    const question = encode({
      type: "query",
      id: report.asked % 65_536,
      flags: 256,
      questions: [{ type: "A", name }],
    });
    socket.send(question, 53, server);
  }).finally(() => socket.close());
}

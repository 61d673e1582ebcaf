import { Agent, get } from "node:http";

/**
 * Sends requests at a steady rate until SIGTERM, then prints what became of every one of them as one line of JSON. Runs
 * on the machine and in pods, so it imports nothing of ours. usage: load-generator.ts RATE CONNECTIONS URL…
 */
export interface LoadReport {
  readonly sent: number;
  /** Answers with status 200. */
  readonly answered: number;
  readonly failures: readonly string[];
  /** How many answers each version gave. */
  readonly versions: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

const [rate = "200", connections = "8", ...urls] = process.argv.slice(2);
/** Kept connections to each address, in use one after another: many of them are idle for long. */
const kept = new Agent({
  keepAlive: true,
  scheduling: "fifo",
  maxSockets: Number(connections),
  maxFreeSockets: Number(connections),
});
const report = {
  sent: 0,
  answered: 0,
  failures: [] as string[],
  versions: {} as Record<string, number>,
  slowestMs: 0,
};
/** Requests sent at the rate that was asked for. */
let paced = 0;
const pending = new Set<Promise<void>>();
const began = performance.now();

// All that are to be kept, at once: otherwise there are as many as there happen to be requests at a time.
for (const url of urls) for (let count = 0; count < Number(connections); count++) send(url, kept);

const timer = setInterval(() => {
  // As many as are due by now: a late timer lowers no rate.
  const due = Math.floor(((performance.now() - began) / 1000) * Number(rate));
  for (; paced < due; paced++) {
    // Every address in turn, over a kept connection and over a new one in turn.
    send(urls[paced % urls.length] ?? "", Math.floor(paced / urls.length) % 2 === 0 ? kept : false);
  }
}, 5);

process.once("SIGTERM", async () => {
  clearInterval(timer);
  await Promise.all(pending);
  console.log(JSON.stringify(report));
  process.exit(0);
});

function send(url: string, agent: Agent | false): void {
  report.sent++;
  const asked = ask(url, agent).then(
    (text) => {
      const version = /version (\S+)/.exec(text)?.[1] ?? "none";
      report.versions[version] = (report.versions[version] ?? 0) + 1;
      report.answered++;
      if (report.answered === 1) console.log("under way");
    },
    (error: Error) => {
      const at = `${(performance.now() / 1000).toFixed(2)} s`;
      report.failures.push(`${at} ${agent ? "kept" : "new"} ${url}: ${error.message}`);
    },
  );
  pending.add(asked);
  void asked.finally(() => pending.delete(asked));
}

function ask(url: string, agent: Agent | false): Promise<string> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: 20_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("end", () => {
        report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - started));
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      });
      response.once("error", reject);
    });
    request.once("timeout", () => request.destroy(new Error("no answer in 20 s")));
    request.once("error", reject);
  });
}

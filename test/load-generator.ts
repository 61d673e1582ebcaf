import { Agent, get } from "node:http";

/**
 * Sends requests at a steady rate until SIGTERM, then prints what became of every one of them as one line of JSON. Runs
 * on the machine and in pods, so it imports nothing of ours. usage: load-generator.ts RATE URL…
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

const [rate = "200", ...urls] = process.argv.slice(2);
/** So few that each is in use many times a second: none is idle for as long as a server drains. */
const kept = new Agent({ keepAlive: true, scheduling: "fifo", maxSockets: 8 });
const report = {
  sent: 0,
  answered: 0,
  failures: [] as string[],
  versions: {} as Record<string, number>,
  slowestMs: 0,
};
const pending = new Set<Promise<void>>();
const began = performance.now();

const timer = setInterval(() => {
  // As many as are due by now: a late timer lowers no rate.
  const due = Math.floor(((performance.now() - began) / 1000) * Number(rate));
  for (let sent = report.sent; sent < due; sent++) send(sent);
}, 5);

process.once("SIGTERM", async () => {
  clearInterval(timer);
  await Promise.all(pending);
  console.log(JSON.stringify(report));
  process.exit(0);
});

/** Every address in turn, over a kept connection and over a new one in turn. */
function send(number: number): void {
  const url = urls[number % urls.length] ?? "";
  const isKept = Math.floor(number / urls.length) % 2 === 0;
  report.sent++;
  const asked = ask(url, isKept ? kept : false).then(
    (text) => {
      const version = /version (\S+)/.exec(text)?.[1] ?? "none";
      report.versions[version] = (report.versions[version] ?? 0) + 1;
      report.answered++;
      if (report.answered === 1) console.log("under way");
    },
    (error: Error) => {
      const at = `${(performance.now() / 1000).toFixed(2)} s`;
      report.failures.push(`${at} ${isKept ? "kept" : "new"} ${url}: ${error.message}`);
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

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { retry } from "../calls/mod.ts";
import { startService } from "../service/testing/test-service.ts";
import { client } from "./client.ts";
import type { ProblemDocument } from "./problem.ts";
import { get, post } from "./route.ts";
import { t } from "./schema.ts";

const nothing = { answers: { 204: null } } as const;

const api = {
  hold: get("/hold", nothing),
  report: get("/report", { ...nothing, priority: "background" }),
  buy: post("/buy", { ...nothing, priority: "critical" }),
  note: post("/notes", { ...nothing, body: t.object({}) }),
};

/** A full service: as many requests are held as it takes of those that are normal. */
async function startFull(context: Parameters<typeof startService>[0]) {
  const gate = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  let holding = 0;
  const started = await startService(context, {
    routes: api,
    admission: { maxInFlight: 10 },
    handlers: () => ({
      hold: async () => {
        holding += 1;
        if (holding === 8) held.resolve();
        await gate.promise;
      },
      report: () => {},
      buy: () => {},
      note: () => {},
    }),
  });
  const holds = Array.from({ length: 8 }, () => started.ask("/hold"));
  await held.promise;
  const empty = async () => {
    gate.resolve();
    await Promise.all(holds);
  };
  return { ...started, empty };
}

test("a full service refuses what matters least at once, and answers what matters most, and for its health", async (context) => {
  const { ask, empty } = await startFull(context);
  const status = async (path: string, init?: RequestInit) => (await ask(path, init)).status;
  const refused = await ask("/report");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  assert.match((refused.body as ProblemDocument).type, /#temporary-reduced-capacity$/);
  assert.equal(await status("/hold"), 503);
  assert.equal(await status("/buy", { method: "POST" }), 204);
  assert.equal(await status("/buy", { method: "POST", headers: { priority: "u=7" } }), 503);
  for (const path of ["/livez", "/readyz", "/openapi.json"]) assert.equal(await status(path), 200);
  await empty();
  assert.equal(await status("/report"), 204);
});

test("what a full service has refused was not begun: even a POST is sent again, and answered when there is room", async (context) => {
  const { url, ask, empty, line, lines } = await startFull(context);
  const calls = client(api, { baseUrl: url, policy: retry({ attempts: 10, delayMs: 1 }) });
  const noted = calls.note({ body: {} });
  await line("answered");
  assert.deepEqual([lines.at(-1)?.path, lines.at(-1)?.status], ["/notes", 503]);
  await empty();
  await noted;
  const metrics = await fetch(`${url}/metrics`).then((answer) => answer.text());
  assert.match(metrics, /http_server_shed_requests_total\{priority="normal",reason="in_flight"\} 1\n/);
  assert.equal((await ask("/report")).status, 204);
});

test("a service that cannot keep up answers some in time, and refuses the others instead of keeping all waiting", async (context) => {
  const { url, it } = await startSlow(context);
  const callers = await Promise.all(Array.from({ length: 60 }, () => openConnection(url)));
  const answers = await Promise.all(callers.map(({ ask }) => ask("/work")));
  const count = (status: string) => answers.filter((each) => each === status).length;
  assert.equal(count("204") + count("503"), 60);
  assert.ok(count("204") > 0 && count("503") > 0, `${count("204")} answered, ${count("503")} refused`);
  for (const { close } of callers) close();
  await it.stop();
});

test("and so it does when its callers wait to be accepted, one in each turn of the loop, and no turn is long", async (context) => {
  const { url, it } = await startSlow(context);
  const callers = Array.from({ length: 60 }, () => connectTo(url));
  const answers = await Promise.all(callers.map(({ ask }) => ask("/work")));
  const refused = answers.filter((each) => each === "503").length;
  assert.ok(refused > 0 && refused < 60, `${refused} of 60 refused`);
  for (const { close } of callers) close();
  await it.stop();
});

test("a route with a rate refuses a caller who asks too often, and says when to come again", async (context) => {
  const { ask } = await startService(context, {
    routes: { code: post("/codes", { ...nothing, rateLimit: { count: 2, perMs: 3_600_000 } }) },
    handlers: () => ({ code: () => {} }),
  });
  const statuses: number[] = [];
  for (let time = 0; time < 3; time += 1) statuses.push((await ask("/codes", { method: "POST" })).status);
  assert.deepEqual(statuses, [204, 204, 429]);
  const { headers, body } = await ask("/codes", { method: "POST" });
  assert.ok(Number(headers.get("retry-after")) > 1_000);
  assert.match((body as ProblemDocument).type, /#quota-exceeded$/);
});

test("behind a proxy each of those whom it names has a rate", async (context) => {
  const { ask } = await startService(
    context,
    {
      routes: { code: post("/codes", { ...nothing, rateLimit: { count: 1, perMs: 3_600_000 } }) },
      handlers: () => ({ code: () => {} }),
    },
    { environment: { TRUSTED_PROXIES: "127.0.0.0/8, ::1" } },
  );
  const status = async (from: string) =>
    (await ask("/codes", { method: "POST", headers: { "x-forwarded-for": from } })).status;
  const statuses: number[] = [];
  for (const from of ["1.1.1.1", "2.2.2.2", "9.9.9.9, 1.1.1.1"]) statuses.push(await status(from));
  assert.deepEqual(statuses, [204, 204, 429]);
});

/** A service that blocks its process for 20 ms with each request, and lets none wait for longer than 40. */
function startSlow(context: Parameters<typeof startService>[0]) {
  return startService(context, {
    routes: { work: get("/work", nothing) },
    admission: { maxDelayMs: 50 },
    handlers: () => ({
      work: () => {
        for (const until = performance.now() + 20; performance.now() < until; );
      },
    }),
  });
}

/** A connection over which a request has been answered already, so that the next ones need nothing but to be written. */
async function openConnection(url: string) {
  const connection = connectTo(url);
  await connection.ask("/livez");
  return connection;
}

function connectTo(url: string) {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  return {
    /** Writes at once; resolves to the status. */
    ask: async (path: string) => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      return answer.toString().slice(9, 12);
    },
    close: () => socket.destroy(),
  };
}

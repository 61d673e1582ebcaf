import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get as httpGet, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { setting } from "../config/mod.ts";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { service } from "./service.ts";
import { ownSettings } from "./settings.ts";
import { startService } from "./testing/test-service.ts";

/** On loopback, and gone as soon as it is asked to go. */
const quiet = { HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms" };

test("SIGTERM: it is not ready at once, goes on answering, lets requests finish, and ends with 0", async (context) => {
  const { url, child, line } = await startProcess(context, { DRAIN_DELAY: "3s" });
  const agent = new Agent({ keepAlive: true });
  const held = ask(`${url}/held`, agent);
  await line("held");

  child.kill("SIGTERM");
  await line("draining");
  assert.equal((await ask(`${url}/readyz`, agent)).statusCode, 503);
  assert.equal((await ask(`${url}/livez`, agent)).statusCode, 200, "to be restarted is not what it needs");
  const late = await ask(`${url}/hello`, agent);
  assert.equal(late.statusCode, 204, "who has not heard of it yet is answered");
  assert.equal(late.headers.connection, "close", "and sent elsewhere");

  child.stdin?.write("\n");
  assert.equal((await held).statusCode, 204, "what was being answered is answered");
  assert.deepEqual(await once(child, "exit"), [0, null]);
  agent.destroy();
});

test("a drain waits until no client that heeds its promise has an idle connection", async (context) => {
  const { url } = await startService(context, {
    routes: { hello: get("/hello", { answers: { 204: null } }) },
    handlers: () => ({ hello: () => undefined }),
  });
  const promised = (await fetch(`${url}/hello`)).headers.get("keep-alive");
  const seconds = Number(/^timeout=(\d+)$/.exec(promised ?? "")?.[1]);
  assert.ok(seconds * 1000 < (ownSettings.drainDelayMs.default ?? 0), `${promised} outlasts the delay`);
});

test("a request that takes longer than the drain's limit is cut off, said, and the exit code is 1", async (context) => {
  const { url, child, line } = await startProcess(context, { DRAIN_DELAY: "0ms", DRAIN_LIMIT: "50ms" });
  const held = ask(`${url}/held`).catch((error) => error.code);
  await line("held");
  child.kill("SIGTERM");
  assert.equal((await line("requests were not answered in time, their connections were cut")).cut, 1);
  assert.equal(await held, "ECONNRESET");
  assert.deepEqual(await once(child, "exit"), [1, null]);
});

test("SIGTERM while it opens what it needs: it ends with 0 when that is there", async (context) => {
  const { child, line } = await startProcess(context, { DRAIN_DELAY: "0ms", OPEN: "held" }, "listening");
  child.kill("SIGTERM");
  await line("draining");
  child.stdin?.write("\n");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("what a service does without until it listens is not loaded by then", async (context) => {
  const { line } = await startProcess(context, { LOG_LEVEL: "debug" });
  const { modules } = await line("loaded");
  const heavy =
    /\/undici|NativeModule (_?tls|zlib|crypto|https|http2|.*readline.*|.*fs\/promises|.*worker_threads|.*util\/diff)$/;
  assert.deepEqual(
    (modules as string[]).filter((name) => heavy.test(name)),
    [],
  );
});

test("a configuration with mistakes ends the start with all of them and exit code 1", async (context) => {
  const child = spawnService(context, { PORT: "http", DRAIN_LIMIT: "soon" });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(said, /port: PORT in the environment is "http", must be a whole number from 0 to 65535/);
  assert.match(said, /drainLimitMs: DRAIN_LIMIT in the environment is "soon", must be a length of time/);
});

test("what is thrown and never caught ends the process, and stands in the log as a line", async (context) => {
  const { url, child, line } = await startProcess(context, {});
  await ask(`${url}/crash`).catch(() => {});
  const { error } = await line("the process ends, for something was thrown that nobody caught");
  assert.match(JSON.stringify(error), /nobody catches this/);
  assert.deepEqual(await once(child, "exit"), [1, null]);
});

test("while it opens what it needs, it is alive but not ready, and its routes say so", async (context) => {
  const opened = Promise.withResolvers<void>();
  const listening = whenListening();
  const starting = startService(
    context,
    {
      routes: { hello: get("/hello", { answers: { 200: t.string() } }) },
      handlers: async () => {
        await opened.promise;
        return { hello: () => "hello" };
      },
    },
    { output: listening.output },
  );
  const url = await listening.url;
  const statuses = await Promise.all(
    ["/livez", "/readyz", "/hello"].map(async (path) => (await fetch(url + path)).status),
  );
  assert.deepEqual(statuses, [200, 503, 503]);
  opened.resolve();
  const { ask } = await starting;
  assert.equal((await ask("/readyz")).status, 200);
  assert.equal((await ask("/hello")).body, "hello");
});

test("asked to end while it opens what it needs, it waits for that, closes it, and was never ready", async (context) => {
  const asking = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const closed: string[] = [];
  const it = service({
    name: "slow",
    version: "1.0.0",
    routes: {},
    handlers: async ({ closeAtEnd }) => {
      asking.resolve();
      await opened.promise;
      closeAtEnd(() => closed.push("database"));
      return {};
    },
    machine: { args: [], environment: quiet, output: { write: () => {} }, ownsProcess: false },
  });
  context.after(() => it.stop());
  const started = assert.rejects(it.start(), /slow was asked to end before it was ready/);
  await asking.promise;
  const stopped = it.stop();
  opened.resolve();
  await Promise.all([started, stopped]);
  assert.deepEqual(closed, ["database"]);
});

test("liveness and readiness ask their own checks, and say which of them fails", async (context) => {
  let database = "ok";
  const { ask } = await startService(context, {
    routes: {},
    handlers: ({ check }) => {
      check("database", "ready", () => {
        if (database !== "ok") throw new Error(database);
      });
      check("worker", "live", async () => {});
      return {};
    },
  });
  assert.deepEqual((await ask("/healthz")).body, {
    status: "ok",
    checks: { database: "ok", worker: "ok", service: "ok" },
  });
  database = "connection refused";
  const { status, body } = await ask("/readyz");
  assert.equal(status, 503);
  assert.deepEqual(body, { status: "failing", checks: { database: "connection refused", service: "ok" } });
  assert.equal((await ask("/livez")).status, 200);
});

test("what was opened is closed after the last answer, the last first; what does not close is said", async (context) => {
  const closed: string[] = [];
  const { it, line } = await startService(context, {
    routes: {},
    handlers: ({ closeAtEnd, signal }) => {
      closeAtEnd(() => closed.push(`first, work ended: ${signal.aborted}`));
      closeAtEnd(() => Promise.reject(new Error("will not")));
      closeAtEnd(() => closed.push("last"));
      return {};
    },
  });
  await Promise.all([it.stop(), it.stop()]);
  assert.deepEqual(closed, ["last", "first, work ended: true"]);
  assert.match(JSON.stringify(await line("something could not be closed")), /will not/);
});

test("a start that fails closes what it has opened and lets the port go", async (context) => {
  const listening = whenListening();
  const closed: string[] = [];
  const starting = startService(
    context,
    {
      routes: {},
      handlers: async ({ closeAtEnd }) => {
        closeAtEnd(() => closed.push("database"));
        await listening.url;
        throw new Error("no broker");
      },
    },
    { output: listening.output },
  );
  await assert.rejects(starting, /no broker/);
  assert.deepEqual(closed, ["database"]);
  await assert.rejects(fetch(await listening.url), TypeError);
});

test("a port that is taken is named, with where it was said and the command that shows who has it", async (context) => {
  const nothing = { routes: {}, handlers: () => ({}) };
  const { port } = new URL((await startService(context, nothing)).url);
  await assert.rejects(
    startService(context, nothing, { environment: { PORT: port } }),
    new RegExp(`127.0.0.1:${port} .*PORT in the environment\\): EADDRINUSE; see who does: ss .*:${port}`),
  );
});

test("a handler reads a mounted file's new value, and the log's level changes while it runs", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "chassis-"));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "GREETING"), "Hello");
  const changed = Promise.withResolvers<readonly string[]>();
  const { ask, lines } = await startService(
    context,
    {
      config: { greeting: setting.string() },
      routes: { hello: get("/hello", { answers: { 200: t.string() } }) },
      handlers: ({ config, logger }) => {
        config.onChange((change) => changed.resolve(change.changed));
        return {
          hello: () => {
            logger.debug("saying hello");
            return config.current.greeting;
          },
        };
      },
    },
    { environment: { CONFIG_DIRECTORIES: directory } },
  );
  assert.equal((await ask("/hello")).body, "Hello");
  writeFileSync(join(directory, "LOG_LEVEL"), "debug");
  assert.deepEqual(await changed.promise, ["logLevel"]);
  await ask("/hello");
  assert.equal(lines.filter(({ message }) => message === "saying hello").length, 1);
});

/** The service of `held-service.ts` in a process of its own, when it has said `until`. */
async function startProcess(context: TestContext, environment: Record<string, string>, until = "open") {
  const child = spawnService(context, environment);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const seen: Record<string, unknown>[] = [];
  const waiting: { message: string; resolve: (line: Record<string, unknown>) => void }[] = [];
  lines.on("line", (text) => {
    const line = JSON.parse(text) as Record<string, unknown>;
    seen.push(line);
    for (const { message, resolve } of waiting) if (line.message === message) resolve(line);
  });
  const line = (message: string) => {
    const found = seen.find((each) => each.message === message);
    if (found) return Promise.resolve(found);
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    waiting.push({ message, resolve });
    return promise;
  };
  const { url } = await line("listening");
  await line(until);
  return { child, line, url: url as string };
}

function spawnService(context: TestContext, environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, "testing/held-service.ts")], {
    env: { ...process.env, HOST: "127.0.0.1", PORT: "0", ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  return child;
}

function ask(url: string, agent?: Agent): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpGet(url, agent ? { agent } : {}, (answer) => answer.resume().on("end", () => resolve(answer))).on(
    "error",
    reject,
  );
  return promise;
}

/** An output that tells where a service listens, before it is ready. */
function whenListening() {
  const { promise, resolve } = Promise.withResolvers<string>();
  const write = (text: string) => {
    const { message, url } = JSON.parse(text.split("\n")[0] as string) as { message: string; url: string };
    if (message === "listening") resolve(url);
  };
  return { url: promise, output: { write } };
}

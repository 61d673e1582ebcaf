import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "./testing/test-service.ts";

test("a connection over which nobody has asked anything, or not to the end, makes no drain a failed one", async (context) => {
  const { it, url, lines } = await startService(
    context,
    { routes: {}, handlers: () => ({}) },
    { environment: { DRAIN_LIMIT: "50ms" } },
  );
  const port = Number(new URL(url).port);
  const slow = connect({ host: "127.0.0.1", port });
  slow.on("error", () => {}).write("GET /livez HTTP/1.1\r\nhost: sh");
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  // Who comes later is accepted later: now the service has seen it.
  await fetch(`${url}/livez`);
  const closed = once(socket, "close");
  await it.stop();
  await closed;
  assert.deepEqual(
    lines.filter(({ level }) => level === "error"),
    [],
  );
});

test("with a port for it, strangers who reach the routes learn nothing of health, metrics and the document", async (context) => {
  const { it, url, line, lines } = await startService(
    context,
    {
      routes: { hello: get("/hello", { answers: { 200: t.string() } }) },
      handlers: ({ check, closeAtEnd }) => {
        check("database", "ready", () => assert.fail("connect ECONNREFUSED 10.0.0.7:5432"));
        closeAtEnd(async () => assert.equal(await status(management, "/readyz"), 503, "until the end"));
        return { hello: () => "hello" };
      },
    },
    { environment: { MANAGEMENT_PORT: "0" } },
  );
  const { management_url: management } = (await line("listening")) as { management_url: string };
  const status = async (base: string, path: string) => (await fetch(base + path)).status;
  for (const path of ["/livez", "/readyz", "/metrics", "/openapi.json"])
    assert.equal(await status(url, path), 404, path);
  assert.equal(await status(url, "/hello"), 200);
  assert.equal(await status(management, "/hello"), 404);
  assert.equal(await status(management, "/livez"), 200);
  const metrics = await (await fetch(`${management}/metrics`)).text();
  assert.match(metrics, /http_route="\/hello",http_response_status_class="2xx"/);
  await it.stop();
  await assert.rejects(fetch(management), TypeError);
  assert.ok(lines.every(({ message }) => message !== "something could not be closed"));
});

test("a service whose log nobody reads any more goes on answering", async (context) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "testing/held-service.ts")], {
    env: { ...process.env, HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const { promise: listening, resolve } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { message, url } = JSON.parse(line) as { message: string; url: string };
    if (message === "listening") resolve(url);
  });
  const url = await listening;
  // It has been answered only when it is open.
  while ((await fetch(`${url}/hello`)).status !== 204);
  child.stdout.destroy();
  for (let time = 0; time < 5; time += 1) assert.equal((await fetch(`${url}/hello`)).status, 204);
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
});

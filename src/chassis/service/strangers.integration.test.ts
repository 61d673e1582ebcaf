import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
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

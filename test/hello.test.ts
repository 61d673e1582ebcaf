import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { start } from "./processes.ts";

/** examples/hello by itself: what a service owes its clients when it is told to end. */
const port = await freePort();
const environment = { ...process.env, PORT: String(port) };
const hello = start(
  process.execPath,
  [join(import.meta.dirname, "../examples/hello/server.ts")],
  environment,
);
after(() => hello.stop("SIGKILL"));

test("a service that drains answers all who come, and cuts no connection off before the time it had promised", async () => {
  await hello.printed(/listens on port/);
  const idle = await open();
  assert.match(
    await ask(idle),
    /^HTTP\/1\.1 200 OK[\s\S]*Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n/,
  );
  const used = await open();
  await ask(used);

  process.kill(hello.pid, "SIGTERM");
  await hello.printed(/draining/);
  assert.match(await ask(used), /^HTTP\/1\.1 200 OK[\s\S]*connection: close\r\n/);
  await once(used, "end");
  assert.match(await ask(await open(), "/readyz"), /^HTTP\/1\.1 503 /);

  await once(idle, "end");
  const late = await ask(await open());
  assert.match(late, /^HTTP\/1\.1 200 OK[\s\S]*version v1/, "it serves on when idle connections have ended");
  assert.equal((await hello.ended).code, 0);
});

async function open(): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function ask(socket: Socket, path = "/"): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: hello\r\n\r\n`);
  const [answer] = await once(socket, "data");
  return String(answer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

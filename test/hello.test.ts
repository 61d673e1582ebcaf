import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { freePort } from "#testing";
import { start } from "./processes.ts";

/** examples/hello by itself: what a service owes its clients when it is told to end. */
const port = await freePort();
const environment = { ...process.env, PORT: String(port) };
const hello = start(process.execPath, [join(import.meta.dirname, "../examples/hello/server.ts")], {
  environment,
});
after(() => hello.stop("SIGKILL"));

test("a service that drains answers all who come, and cuts no connection off", async () => {
  await hello.printed(/listens on port/);
  const idle = await open();
  const promised = /^HTTP\/1\.1 200 OK[\s\S]*Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n/;
  assert.match(await ask(idle), promised);
  const used = await open();
  await ask(used);

  process.kill(hello.pid, "SIGTERM");
  await hello.printed(/draining/);
  const lastWord = /^HTTP\/1\.1 200 OK[\s\S]*connection: close\r\n[\s\S]*version v1/;
  assert.match(await ask(used), lastWord);
  await once(used, "end");
  assert.match(await ask(await open(), "/readyz"), /^HTTP\/1\.1 503 /);

  while (await isOpen());
  assert.match(await ask(idle), lastWord, "it was idle all the time, and new connections are refused by now");
  assert.equal((await hello.ended).code, 0);
});

/** Whether the service takes new connections. */
function isOpen(): Promise<boolean> {
  return open().then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );
}

async function open(): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function ask(socket: Socket, path = "/"): Promise<string> {
  assert.ok(!socket.readableEnded, "the connection was cut off");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: hello\r\n\r\n`);
  const [answer] = await once(socket, "data");
  return String(answer);
}

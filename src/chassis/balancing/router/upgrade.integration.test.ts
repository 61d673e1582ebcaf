import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { listeningServer, raw, routed } from "./testing/routed.ts";

/** An instance that echoes what it hears once it has changed to another protocol; `/no` it does not. */
async function echoing(context: TestContext): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const { url, server } = await listeningServer(context, (request, response) => {
    asked.push(request);
    response.end("plain");
  });
  server.on("upgrade", (request, socket, head) => {
    asked.push(request);
    socket.on("error", () => {});
    context.after(() => socket.destroy());
    if (request.url === "/no")
      return void socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX-Echo: yes\r\n\r\nhello ",
    );
    socket.write(head);
    socket.pipe(socket);
  });
  return { url, asked };
}

const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-key": "x" };

async function upgraded(url: string): Promise<{ answer: IncomingMessage; socket: Duplex }> {
  const request = http.request(url, { headers }).end();
  const [answer, socket, head] = (await once(request, "upgrade")) as [IncomingMessage, Duplex, Buffer];
  socket.unshift(head);
  return { answer, socket };
}

test("a connection is handed over to WebSocket, and bytes go to and fro until one side ends", async (context) => {
  const { url: instance, asked } = await echoing(context);
  const { url } = await routed(context, ["http://127.0.0.1:1", instance]);
  const { answer, socket } = await upgraded(`${url}/socket`);
  assert.deepEqual([answer.statusCode, answer.headers["x-echo"]], [101, "yes"]);
  socket.end("world");
  assert.equal(await text(socket), "hello world");
  assert.equal(asked[0]?.headers["x-forwarded-for"], "127.0.0.1");
});

test("an instance that does not want to is heard", async (context) => {
  const { url: instance } = await echoing(context);
  const { url } = await routed(context, [instance]);
  const request = http.request(`${url}/no`, { headers }).end();
  const [answer] = await once(request, "response");
  assert.deepEqual([answer.statusCode, await text(answer)], [401, "no"]);
  const nobody = await routed(context, []);
  const [refused] = await once(http.request(nobody.url, { headers }).end(), "response");
  assert.equal(refused.statusCode, 503);
});

test("other protocols are not spoken past the router: the request is an ordinary one", async (context) => {
  const { url: instance, asked } = await echoing(context);
  const { url } = await routed(context, [instance]);
  const told = await raw(
    url,
    "GET / HTTP/1.1\r\nhost: x\r\nconnection: close, upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: x\r\n\r\n",
  );
  assert.match(told, /^HTTP\/1.1 200 [\s\S]*plain$/);
  assert.equal(asked[0]?.headers.upgrade, undefined);
});

test("who says nothing for too long, on either side, is cut off; so is everybody at the end of a drain", async (context) => {
  const { url: instance } = await echoing(context);
  const idle = await routed(context, [instance], { tunnelIdleMs: 50 });
  const first = await upgraded(idle.url);
  await text(first.socket).catch(() => {});
  const ending = await routed(context, [instance]);
  const second = await upgraded(ending.url);
  await ending.stop({ limitMs: 50 });
  await text(second.socket).catch(() => {});
});

test("who asks for another protocol before an earlier answer is there has broken the rules, and is cut off", async (context) => {
  const { url: instance, server } = await listeningServer(context, () => {});
  server.on("upgrade", (_, socket) => socket.destroy());
  const router = await routed(context, [instance]);
  const asking = "GET / HTTP/1.1\r\nhost: x\r\n";
  const upgrading = `${asking}connection: upgrade\r\nupgrade: websocket\r\n\r\n`;
  assert.equal(await raw(router.url, `${asking}\r\n${upgrading}`), "");
});

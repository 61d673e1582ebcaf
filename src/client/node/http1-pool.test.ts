import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import type { ApiRequest, ApiResponse } from "#api";
import { Http1Pool } from "./http1-pool.ts";

/** A server that is told of requests and answers by hand, and a pool that speaks to it (without TLS). */
async function setUp(t: TestContext, onRequest: (text: string, socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => onRequest(bytes.toString("latin1"), socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clock = { nowMs: 0 };
  const pool = new Http1Pool({
    host: "server",
    nowMs: () => clock.nowMs,
    dial() {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => socket.emit("secureConnect"));
      return socket as TLSSocket;
    },
  });
  t.after(() => {
    pool.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { pool, sockets, clock };
}

function get(path: string, more: Partial<ApiRequest> = {}): ApiRequest {
  return { method: "GET", path, headers: { accept: "text/plain" }, ...more };
}

async function bodyOf({ body }: ApiResponse): Promise<string> {
  let text = "";
  for await (const bytes of body) text += Buffer.from(bytes).toString();
  return text;
}

const ok = (body: string, headers = "") =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;

const pathIn = (text: string) => text.split(" ")[1] ?? "";

test("requests one after the other share a connection", async (t) => {
  const seen: string[] = [];
  const { pool, sockets } = await setUp(t, (text, socket) => {
    seen.push(text);
    socket.write(ok(pathIn(text)));
  });
  const body = Buffer.from("{}");
  const first = await pool.request({ method: "POST", path: "/a", headers: { "content-type": "x" }, body });
  assert.equal(first.status, 200);
  assert.equal(await bodyOf(first), "/a");
  assert.equal(await bodyOf(await pool.request(get("/b"))), "/b");
  assert.equal(sockets.length, 1);
  assert.deepEqual(seen, [
    "POST /a HTTP/1.1\r\nhost: server\r\ncontent-type: x\r\ncontent-length: 2\r\n\r\n{}",
    "GET /b HTTP/1.1\r\nhost: server\r\naccept: text/plain\r\n\r\n",
  ]);
});

test("what is more than the connections can carry waits its turn, unless it is aborted", async (t) => {
  const held: (() => void)[] = [];
  const { pool, sockets } = await setUp(t, (text, socket) => {
    const answer = () => socket.write(ok(pathIn(text)));
    if (held.push(answer) >= 16) for (const one of held.splice(0)) one();
  });
  const ended = new AbortController();
  const answers = Array.from({ length: 32 }, (_, at) => pool.request(get(`/${at}`)).then(bodyOf));
  const aborted = pool.request(get("/never", { signal: ended.signal }));
  ended.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  assert.deepEqual(
    await Promise.all(answers),
    answers.map((_, at) => `/${at}`),
  );
  assert.equal(sockets.length, 16);
});

test("a connection that the server closes, or may be about to close, is not used again", async (t) => {
  let headers = "connection: close\r\n";
  const { pool, sockets, clock } = await setUp(t, (_, socket) => socket.write(ok("x", headers)));
  await bodyOf(await pool.request(get("/")));
  headers = "keep-alive: timeout=5\r\n";
  await bodyOf(await pool.request(get("/")));
  assert.equal(sockets.length, 2);
  clock.nowMs = 3_900;
  await bodyOf(await pool.request(get("/")));
  assert.equal(sockets.length, 2);
  clock.nowMs += 4_100;
  await bodyOf(await pool.request(get("/")));
  assert.equal(sockets.length, 3);
});

test("an aborted request breaks its connection, and no other", async (t) => {
  const { pool } = await setUp(t, (text, socket) => {
    if (pathIn(text) !== "/silent") socket.write(ok("x"));
  });
  const ended = new AbortController();
  const silent = pool.request(get("/silent", { signal: ended.signal }));
  assert.equal(await bodyOf(await pool.request(get("/"))), "x");
  ended.abort(new Error("enough"));
  await assert.rejects(silent, /enough/);
  assert.equal(await bodyOf(await pool.request(get("/"))), "x");
});

test("a body that breaks off says so, after what has arrived", async (t) => {
  const { pool } = await setUp(t, (_, socket) =>
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
  );
  const { body } = await pool.request(get("/"));
  const reader = body[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await reader.next()).value).toString(), "half");
  await assert.rejects(reader.next(), /the connection was closed/);
});

test("who reads no further gives the connection back by ending it", async (t) => {
  const { pool, sockets } = await setUp(t, (text, socket) => {
    socket.write(pathIn(text) === "/long" ? "HTTP/1.1 200 OK\r\n\r\nthe beginning" : ok("x"));
  });
  for await (const _ of (await pool.request(get("/long"))).body) break;
  assert.equal(await bodyOf(await pool.request(get("/"))), "x");
  assert.equal(sockets.length, 2);
});

test("a large body that is read slowly arrives whole", async (t) => {
  const piece = Buffer.alloc(256 * 1024, "x");
  const pieces = 64;
  const { pool } = await setUp(t, (_, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${piece.length * pieces}\r\n\r\n`);
    for (let sent = 0; sent < pieces; sent += 1) socket.write(piece);
  });
  const response = await pool.request(get("/"));
  let bytes = 0;
  for await (const one of response.body) {
    bytes += one.length;
    await new Promise(setImmediate);
  }
  assert.equal(bytes, piece.length * pieces);
});

test("a request that would be two is refused", async (t) => {
  const { pool, sockets } = await setUp(t, (_, socket) => socket.write(ok("x")));
  await assert.rejects(pool.request(get("/a HTTP/1.1\r\nx: y")), /escape it/);
  await assert.rejects(pool.request(get("/", { headers: { accept: "a\r\nb: c" } })), /more than a line/);
  assert.equal(await bodyOf(await pool.request(get("/"))), "x");
  assert.ok(sockets.length <= 1);
});

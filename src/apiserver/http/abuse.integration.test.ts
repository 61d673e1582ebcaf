import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { after, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { servedCluster } from "#testing";
import { maxWritesInFlight } from "../limits.ts";

const cluster = await servedCluster();
after(() => cluster.close());

const post = "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\n";

async function open(): Promise<TLSSocket> {
  const { authority, certificate, key } = cluster.tls;
  const { port } = cluster.listener;
  const socket = connect({ host: "127.0.0.1", port, ca: authority, cert: certificate, key });
  await once(socket, "secureConnect");
  return socket;
}

test("clients that never finish their bodies leave the others their places", async () => {
  const slow = await Promise.all(Array.from({ length: maxWritesInFlight + 1 }, open));
  for (const socket of slow) socket.write(`${post}Content-Length: 100\r\n\r\n{`);
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "prompt" } };
  const body = JSON.stringify(object);
  const prompt = await open();
  prompt.write(`${post}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const [answer] = await once(prompt, "data");
  assert.match(String(answer), /^HTTP\/1.1 201 /);
  for (const socket of [...slow, prompt]) socket.destroy();
});

test("what is no HTTP, or could be read in two ways, is told so", async () => {
  const get = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  const requests: readonly [what: string, request: string, status: number][] = [
    ["nonsense", "NONSENSE\r\n\r\n", 400],
    ["a long header", `${get}X-Long: ${"y".repeat(50_000)}\r\n\r\n`, 431],
    ["ten thousand headers", `${get}${"X-Many: y\r\n".repeat(10_000)}\r\n`, 431],
    ["a path of a megabyte", `GET /${"a".repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ["a zero byte in the path", "GET /health\0z HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["a space in the path", "GET /health z HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["no host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
    ["two lengths", `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ["a length and chunks", `${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["a negative length", `${post}Content-Length: -1\r\n\r\n`, 400],
    ["chunks of no size", `${post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400],
    ["a folded header", `${get}X-A: b\r\n c\r\nX-Long\r\n\r\n`, 400],
  ];
  for (const [what, request, status] of requests) {
    const socket = await open();
    socket.on("error", () => {});
    socket.write(request);
    assert.match(await statusLine(socket), new RegExp(`^HTTP/1.1 ${status} `), what);
    socket.destroy();
  }
  await alive();
});

test("a body of chunks without end is read as far as a body may go", async () => {
  const socket = await open();
  socket.on("error", () => {});
  const answered = statusLine(socket);
  socket.write(`${post}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
  const send = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on("drain", send);
  send();
  assert.match(await answered, /^HTTP\/1.1 413 /);
  socket.destroy();
  await alive();
});

test("over HTTP/2 a request of too many headers is refused, and its connection serves on", async () => {
  const { authority: ca, certificate: cert, key } = cluster.tls;
  const session = connectHttp2(`https://127.0.0.1:${cluster.listener.port}`, { ca, cert, key });
  const headers = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, "y"]));
  const flooded = session.request({ ":path": "/healthz", ...headers });
  await assert.rejects(once(flooded, "response"));
  const [answer] = await once(session.request({ ":path": "/healthz" }), "response");
  assert.equal(answer[":status"], 200);
  session.destroy();
});

async function statusLine(socket: TLSSocket): Promise<string> {
  const [answer] = await once(socket, "data");
  return String(answer);
}

async function alive(): Promise<void> {
  const socket = await open();
  socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(await statusLine(socket), /^HTTP\/1.1 200 /);
  socket.destroy();
}

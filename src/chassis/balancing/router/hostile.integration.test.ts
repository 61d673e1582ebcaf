import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { listening, raw, routed } from "./testing/routed.ts";

/** An instance that writes down what it is asked, and a router before it. */
async function watched(context: TestContext, options: Parameters<typeof routed>[2] = {}) {
  const asked: { readonly target: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] =
    [];
  const instance = await listening(context, async (request, response) => {
    asked.push({
      target: `${request.method} ${request.url}`,
      headers: request.headers,
      body: await text(request),
    });
    response.end("answered");
  });
  const { url } = await routed(context, [instance], options);
  return { url, asked };
}

const hidden = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";

for (const [what, head] of [
  [
    "a length that `connection` names",
    `content-length: ${hidden.length}\r\nconnection: close, content-length`,
  ],
  [
    "a length after a hundred other headers",
    `${"a: b\r\n".repeat(150)}content-length: ${hidden.length}\r\nconnection: close`,
  ],
] as const)
  test(`a body with ${what} is a body, and never the next request`, async (context) => {
    const { url, asked } = await watched(context);
    await raw(url, `GET /open HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n${hidden}`);
    assert.deepEqual(
      asked.map(({ target, body }) => [target, body]),
      [["GET /open", hidden]],
    );
  });

test("a body without a length stays a body, whatever the method: it is never the next request", async (context) => {
  const { url, asked } = await watched(context);
  const request = http.request(`${url}/open`, { method: "GET", headers: { "transfer-encoding": "chunked" } });
  request.end(hidden);
  const [answer] = await once(request, "response");
  await text(answer);
  assert.deepEqual(
    asked.map(({ target, body }) => [target, body]),
    [["GET /open", hidden]],
  );
});

test("what two readers might read differently is refused", async (context) => {
  const { url, asked } = await watched(context);
  for (const [status, version, headers] of [
    [400, "1.1", "host: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked"],
    [400, "1.1", "host: x\r\ncontent-length: 5\r\ncontent-length: 6"],
    [400, "1.1", "host: x\r\nhost: y"],
    [400, "1.1", "host: x\r\na\u0000b: c"],
    [400, "1.1", "host: x\r\na : b"],
    [400, "1.1", "host: x\r\na: b\u0001c"],
    [400, "1.1", "host: x\r\na: b\u007fc"],
    [400, "1.1", "a: b"],
    [501, "1.1", "host: x\r\ntransfer-encoding: gzip, chunked"],
    [400, "1.0", "host: x\r\ntransfer-encoding: chunked"],
  ] as const) {
    const told = await raw(url, `POST / HTTP/${version}\r\n${headers}\r\nconnection: close\r\n\r\n0\r\n\r\n`);
    assert.match(told, new RegExp(`^HTTP/1.1 ${status} `), headers);
  }
  assert.deepEqual(asked, []);
});

test("a request that names its host in its target is for that host, and its path is a path", async (context) => {
  const { url, asked } = await watched(context);
  await raw(url, "GET http://shop.example?q HTTP/1.1\r\nhost: other.example\r\nconnection: close\r\n\r\n");
  assert.match(
    await raw(url, "GET ftp://x/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
    /^HTTP\/1.1 400 /,
  );
  assert.deepEqual(
    asked.map(({ target, headers: { host } }) => [target, host]),
    [["GET /?q", "shop.example"]],
  );
});

test("what strangers say about those behind them is removed; trusted proxies are believed, and added to", async (context) => {
  const claims = {
    "x-forwarded-for": "10.9.9.9, 10.0.0.1",
    "x-forwarded-proto": "https",
    forwarded: "for=10.9.9.9",
    "x-real-ip": "10.9.9.9",
  };
  const sources: unknown[] = [];
  const askedOf = (_: unknown, source: string) => {
    sources.push(source);
    return {};
  };
  const strangers = await watched(context, { askedOf });
  await fetch(strangers.url, { headers: claims });
  const own = strangers.asked[0]?.headers;
  assert.deepEqual(
    [own?.["x-forwarded-for"], own?.["x-forwarded-proto"], own?.forwarded, own?.["x-real-ip"]],
    ["127.0.0.1", "http", undefined, undefined],
  );
  const behind = await watched(context, { askedOf, trustedProxies: ["127.0.0.0/8", "10.0.0.0/24"] });
  await fetch(behind.url, { headers: claims });
  const told = behind.asked[0]?.headers;
  assert.deepEqual(
    [told?.["x-forwarded-for"], told?.["x-forwarded-proto"], told?.forwarded],
    ["10.9.9.9, 10.0.0.1, 127.0.0.1", "https", "for=10.9.9.9, for=127.0.0.1"],
  );
  assert.deepEqual(sources, ["127.0.0.1", "10.9.9.9"]);
});

test("`connection` takes nothing away that the router says itself", async (context) => {
  const { url, asked } = await watched(context);
  await raw(
    url,
    "GET / HTTP/1.1\r\nhost: x\r\nsecret: 1\r\nconnection: close, x-forwarded-for, host, via, secret\r\n\r\n",
  );
  const { host, via, secret, "x-forwarded-for": source } = asked[0]?.headers ?? {};
  assert.deepEqual([host, secret, source], ["x", undefined, "127.0.0.1"]);
  assert.match(String(via), /^1\.1 nacre-/);
});

test("a router that leads to itself ends its loop", async (context) => {
  let own = "";
  const to: RequestListener = async (request, response) => {
    const answer = await fetch(own, { headers: { via: request.headers.via ?? "" } });
    response.writeHead(answer.status).end();
  };
  own = (await routed(context, [await listening(context, to)])).url;
  assert.equal((await fetch(own)).status, 508);
});

test("whatever an instance answers, it is the instance's failure and ends no router", async (context) => {
  for (const answered of [
    "HTTP/1.1 099 Odd\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\u0000b\r\n\r\n",
    "SSH-2.0-OpenSSH\r\n",
  ]) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(answered));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    context.after(() => server.close());
    const { url } = await routed(context, [`http://127.0.0.1:${(server.address() as AddressInfo).port}`]);
    assert.equal((await fetch(url)).status, 502, answered);
  }
});

test("who sends a request's head byte by byte is cut off, and so is who does not read the answer", async (context) => {
  const ended = Promise.withResolvers<void>();
  const endless: RequestListener = (_, response) => {
    const write = () => {
      while (response.write("x".repeat(100_000)));
    };
    response.on("drain", write).once("close", () => ended.resolve());
    write();
  };
  const { url } = await routed(context, [await listening(context, endless)], { idleMs: 100, requestMs: 100 });
  assert.match(await raw(url, "GET / HTTP/1.1\r\nhost: x\r\n"), /^HTTP\/1.1 408 /);
  const request = http.request(url).end();
  request.on("error", () => {});
  const [answer] = await once(request, "response");
  answer.on("error", () => {});
  await ended.promise;
});

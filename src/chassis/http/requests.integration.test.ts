import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { type Clock, systemClock } from "#base";
import { startService } from "../service/testing/test-service.ts";
import type { FinishedSpan, Tracer } from "../telemetry/tracer.ts";
import { answer } from "./answer.ts";
import { limits } from "./limits.ts";
import { type ProblemDocument, problem } from "./problem.ts";
import { del, get, post } from "./route.ts";
import { t } from "./schema.ts";

const api = {
  readOrder: get("/orders/{id}", { answers: { 200: t.object({ id: t.string() }) } }),
  placeOrder: post("/orders", {
    body: t.object({ item: t.string(), count: t.integer({ minimum: 1 }) }),
    maxBodyBytes: 100,
    answers: { 201: t.object({ item: t.string(), count: t.integer() }) },
  }),
  removeOrder: del("/orders/{id}", { answers: { 204: null } }),
};

const handlers = () => ({
  readOrder: ({ params: { id } }: { params: { id: string } }) => {
    if (id === "broken") throw new Error("password hunter2 was refused by 10.0.0.7");
    if (id === "unsendable") throw problem(42, "no status");
    if (id === "split") throw problem(409, "no header", { headers: { location: "/a\r\nset-cookie: a" } });
    if (id === "none") throw problem(404, "there is no order none", { type: "https://shop.test/no-order" });
    return { id };
  },
  placeOrder: ({ body }: { body: { item: string; count: number } }) =>
    answer(201, body, { location: `/orders/${body.item}` }),
  removeOrder: () => undefined,
});

const json = { "content-type": "application/json" };

test("requests that are in order get typed answers, with status and headers", async (context) => {
  const { ask } = await startService(context, { routes: api, handlers });
  assert.deepEqual((await ask("/orders/a%2Fb")).body, { id: "a/b" });
  const placed = await ask("/orders", { method: "POST", headers: json, body: '{"item":"x","count":2}' });
  assert.deepEqual([placed.status, placed.headers.get("location")], [201, "/orders/x"]);
  assert.deepEqual(placed.body, { item: "x", count: 2 });
  assert.equal((await ask("/orders/x", { method: "DELETE" })).status, 204);
  assert.equal((await ask("/orders/x", { method: "HEAD" })).status, 200);
});

test("each bad request gets a problem document with the status that says what is wrong", async (context) => {
  const { ask } = await startService(context, { routes: api, handlers });
  const place = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
    ask("/orders", { method: "POST", headers, body });
  const streamed = { method: "POST", headers: json, body: endless(), duplex: "half" } as RequestInit;
  const cases: [
    Promise<{ status: number; headers: Headers; body: unknown }>,
    status: number,
    detail: RegExp,
  ][] = [
    [ask("/nowhere"), 404, /nothing at \/nowhere/],
    [ask("/orders/"), 404, /nothing at/],
    [ask("/orders/%zz"), 400, /percent sign/],
    [ask("/orders", { method: "PUT" }), 405, /PUT is not possible at \/orders, but POST/],
    [place('{"item":'), 400, /the body is not JSON/],
    [place(Buffer.from([0x22, 0xff, 0x22])), 400, /not UTF-8/],
    [
      place("item=x", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      /application\/json is taken/,
    ],
    [place("{}", { ...json, "content-encoding": "gzip" }), 415, /encoded as gzip/],
    [place(JSON.stringify({ item: "x".repeat(200), count: 1 })), 413, /100 bytes/],
    [ask("/orders", streamed), 413, /100 bytes/],
    [place('{"item":7}'), 400, /2 fields/],
    [place('{"item":"x","count":1,"a":[{"__proto__":1}]}'), 400, /__proto__/],
    [place('{"item":"x","count":1,"\\u005f_proto__":1}'), 400, /__proto__/],
    [place('{"item":"x","count":1,"a":{"__pr\\u006Fto__":1}}'), 400, /__proto__/],
    [ask("/orders", { method: "POST" }), 400, /cannot be accepted/],
    [ask("/orders/none"), 404, /there is no order none/],
  ];
  for (const [asked, status, detail] of cases) {
    const { status: actual, headers, body } = await asked;
    const document = body as ProblemDocument;
    assert.equal(actual, status, document.detail);
    assert.equal(document.status, status);
    assert.match(document.detail, detail);
    assert.equal(headers.get("content-type"), "application/problem+json");
    assert.match(document.trace_id as string, /^[0-9a-f]{32}$/);
  }
});

test("a method that is not there is answered with those that are, and OPTIONS says them, too", async (context) => {
  const { ask } = await startService(context, { routes: api, handlers });
  assert.equal(
    (await ask("/orders/7", { method: "PATCH" })).headers.get("allow"),
    "DELETE, GET, HEAD, OPTIONS",
  );
  const options = await ask("/orders/7", { method: "OPTIONS" });
  assert.deepEqual([options.status, options.headers.get("allow")], [204, "DELETE, GET, HEAD, OPTIONS"]);
});

test("a target with scheme and host is what follows them, and * is no path", async (context) => {
  const root = { root: get("/", { answers: { 200: t.string() } }), ...api };
  const { url } = await startService(context, {
    routes: root,
    handlers: () => ({ root: () => "root", ...handlers() }),
  });
  const ask = async (target: string) => {
    const answered = await raw(url, `${target} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n`);
    return [answered.slice(9, 12), answered.split("\r\n\r\n")[1]];
  };
  assert.deepEqual(await ask("GET http://shop:8080/orders/7?x=1"), ["200", '{"id":"7"}']);
  assert.deepEqual(await ask("GET http://shop:8080"), ["200", '"root"']);
  assert.deepEqual(await ask("GET http://shop?x"), ["200", '"root"']);
  assert.deepEqual(await ask("OPTIONS *"), ["204", ""]);
});

test("a handler that throws is answered 500 with nothing but a trace, by which its line is found in the log", async (context) => {
  const { ask, line } = await startService(context, { routes: api, handlers });
  const { status, body } = await ask("/orders/broken");
  assert.equal(status, 500);
  assert.doesNotMatch(JSON.stringify(body), /hunter2|10\.0\.0\.7|at /);
  const logged = await line("a handler failed");
  assert.equal(logged.trace_id, (body as ProblemDocument).trace_id);
  assert.match(JSON.stringify(logged.error), /hunter2 was refused/);
});

test("an answer that cannot be sent is a 500 and a line in the log, and ends no process", async (context) => {
  const { ask, line } = await startService(context, { routes: api, handlers });
  for (const path of ["/orders/unsendable", "/orders/split"]) assert.equal((await ask(path)).status, 500);
  assert.match(JSON.stringify((await line("a handler failed")).error), /Invalid status code: 42/);
});

test("too many headers, headers that are too large, and what is not HTTP are answered, not cut off, and counted", async (context) => {
  const { url } = await startService(context, { routes: api, handlers });
  const head = "GET /orders/7 HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n";
  const many = Array.from({ length: limits.maxHeaders }, (_, at) => `x-${at}: 1\r\n`).join("");
  assert.match(await raw(url, `${head}${many}\r\n`), /^HTTP\/1.1 431 .*"detail":"more than 100 headers/s);
  assert.match(
    await raw(url, `${head}x: ${"y".repeat(limits.maxHeaderBytes)}\r\n\r\n`),
    /^HTTP\/1.1 431 .*problem\+json/s,
  );
  assert.match(await raw(url, "hello\r\n\r\n"), /^HTTP\/1.1 400 .*this is not HTTP\/1.1/s);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^http_server_unreadable_requests_total\{http_response_status_code="431"\} 2$/m);
  assert.match(metrics, /^http_server_unreadable_requests_total\{http_response_status_code="400"\} 1$/m);
});

test("a route without an answer in time is answered 504, its handler is told, and so it is when the caller goes", async (context) => {
  const told = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
  let calls = 0;
  const { ask } = await startService(context, {
    routes: { wait: get("/wait", { answers: { 204: null }, timeoutMs: 10_000 }) },
    handlers: () => ({
      wait: ({ signal, remainingMs }) =>
        new Promise((_, reject) => {
          assert.ok(remainingMs() <= 10_000);
          const { resolve } = told[calls++ === 0 ? 0 : 1];
          signal.addEventListener("abort", () => {
            resolve((signal.reason as Error).message);
            reject(signal.reason);
          });
          started.resolve();
        }),
    }),
  });
  let started = Promise.withResolvers<void>();
  const late = await ask("/wait", { headers: { "x-remaining-ms": "20" } });
  assert.equal(late.status, 504);
  assert.equal(await told[0].promise, "there was no answer before the deadline");

  started = Promise.withResolvers<void>();
  const caller = new AbortController();
  const asked = ask("/wait", { signal: caller.signal });
  await started.promise;
  caller.abort();
  await assert.rejects(asked, { name: "AbortError" });
  assert.equal(await told[1].promise, "the caller has gone");
});

test("who does not read the answer is cut off in the end: the place among the requests under way is free", async (context) => {
  for (const path of ["/large", "/endless"]) {
    const { url, line } = await startService(
      context,
      {
        routes: {
          large: get("/large", { answers: { 200: t.text("text/plain") } }),
          endless: get("/endless", { answers: { 200: t.stream("text/plain") } }),
        },
        handlers: () => ({
          large: () => "x".repeat(32 * 1024 * 1024),
          endless: async function* () {
            for (;;) yield "x".repeat(64 * 1024);
          },
        }),
      },
      { clock: hurrying(limits.takenMs) },
    );
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) }).pause();
    context.after(() => socket.destroy());
    socket.on("error", () => {}).write(`GET ${path} HTTP/1.1\r\nhost: shop\r\n\r\n`);
    assert.equal((await line("answered")).status, 499, path);
  }
});

test("thousands of spans hold on to no stranger's path", async (context) => {
  let finished: (count: number) => readonly FinishedSpan[] = () => [];
  const { ask, line } = await startService(
    context,
    {
      routes: api,
      handlers: ({ tracer }) => {
        finished = (count) => (tracer as Tracer).take(count);
        return handlers();
      },
    },
    { environment: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:1" } },
  );
  await ask(`/orders/${"7".repeat(8_000)}?x`);
  await line("answered");
  const path = finished(1)[0]?.attributes["url.path"];
  assert.equal(path, `/orders/${"7".repeat(limits.tracedPath - 8)}`);
});

/** A clock on which waits of `delayMs` are over in fifty milliseconds. */
function hurrying(delayMs: number): Clock {
  return {
    ...systemClock,
    setTimer: (wait, callback, options) =>
      systemClock.setTimer(wait === delayMs ? 50 : wait, callback, options),
  };
}

/** More than any limit, in pieces, without a length. */
function endless(): ReadableStream<Uint8Array> {
  let left = 100;
  return new ReadableStream({
    pull(controller) {
      left -= 1;
      if (left > 0) controller.enqueue(new Uint8Array(64).fill(0x20));
      else controller.close();
    },
  });
}

/** Everything that is answered to `text` until the connection is closed. */
function raw(url: string, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answered = "";
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) }, () => socket.write(text));
  socket.setEncoding("utf8").on("data", (piece) => (answered += piece));
  socket.on("close", () => resolve(answered)).on("error", reject);
  return promise;
}

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { startService } from "../service/testing/test-service.ts";
import { answer } from "./answer.ts";
import { get, post, put } from "./route.ts";
import { t } from "./schema.ts";

const anything = t.object({
  tags: t.optional(t.array(t.string(), { maxItems: 5, uniqueItems: true })),
  more: t.optional(t.record(t.unknown())),
  kind: t.defaulted(t.union(t.oneOf(["a", "b"]), t.integer()), "a"),
});

const api = {
  echo: post("/echo/{id}", { body: anything, answers: { 200: anything } }),
  list: get("/list/{id}", {
    params: t.object({ id: t.integer({ minimum: 1 }) }),
    query: t.object({ limit: t.defaulted(t.integer(), 5), tag: t.optional(t.array(t.string())) }),
    headers: t.object({ "x-wanted": t.optional(t.boolean()) }),
    answers: { 200: t.stream("text/plain") },
    rateLimit: { count: 1_000, perMs: 1_000 },
  }),
  put: put("/echo/{id}", { answers: { 204: null, 303: null } }),
};

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
const headerText = fc.oneof(
  fc.constantFrom(
    "0",
    "-1",
    "1e9",
    "true",
    "u=1",
    "*",
    "null",
    "https://a.test",
    "1.1.1.1, ::1",
    "100-continue",
  ),
  fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,30}$/),
);
const header = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      ...["x-remaining-ms", "priority", "traceparent", "tracestate", "origin", "x-forwarded-for", "x-wanted"],
      ...["access-control-request-method", "access-control-request-headers", "content-encoding", "expect"],
      ...["authorization", "cookie", "connection", "upgrade", "accept", "if-none-match", "__proto__"],
    ),
    token,
  ),
  headerText,
);
const whole = fc.constantFrom(
  ...[
    "POST /echo/7",
    "PUT /echo/x",
    "PUT /echo/y",
    "GET /list/7?limit=2&tag=a&tag=b",
    "HEAD /list/7",
    "OPTIONS /list/7",
  ],
);
const method = fc.oneof(
  fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "CONNECT"),
  token,
);
const path = fc.constantFrom(
  ...["/echo/", "/list/", "/list/7?", "//", "*", "/", "http://a/list/1", "/metrics", "/%", "/..", "/\x80"],
);
const torn = fc
  .tuple(method, path, fc.stringMatching(/^[\x21-\x7e]{0,12}$/))
  .map(([verb, ...target]) => `${verb} ${target.join("")}`);
const json = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.string(),
  fc.constantFrom(
    '{"kind":1,"tags":["a","a"]}',
    '{"__proto__":1}',
    "{}",
    "[".repeat(20_000),
    '{"more":{"x":1e999}}',
  ),
);

test("whatever strangers send, each is answered or cut off, nothing fails within, and the next is answered", async (context) => {
  const { url, ask, lines } = await startService(
    context,
    {
      routes: api,
      crossOrigin: () => ({ origins: ["https://a.test"] }),
      handlers: () => ({
        echo: ({ body }) => body,
        list: async function* ({ params: { id }, query: { limit } }) {
          for (let line = 0; line < Math.min(id, limit, 5); line += 1) yield `${line}\n`;
        },
        put: ({ params: { id } }) => (id === "x" ? answer(303, undefined, { location: "/" }) : undefined),
      }),
    },
    { environment: { TRUSTED_PROXIES: "127.0.0.0/8, ::1" } },
  );
  const port = Number(new URL(url).port);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 2, arbitrary: whole }, torn),
      fc.array(header, { maxLength: 3 }),
      json,
      fc.constantFrom("application/json", "text/plain", "application/json; charset=latin1"),
      fc.boolean(),
      async (asked, headers, body, type, isChunked) => {
        const bytes = Buffer.from(body);
        const length = isChunked ? "transfer-encoding: chunked" : `content-length: ${bytes.length}`;
        const head = [
          `${asked} HTTP/1.1`,
          ...["host: shop", `content-type: ${type}`, length],
          ...headers.map(([name, value]) => `${name}: ${value}`),
          ...["connection: close", "", ""],
        ].join("\r\n");
        const sent = isChunked
          ? [`${bytes.length.toString(16)}\r\n`, bytes, bytes.length === 0 ? "\r\n" : "\r\n0\r\n\r\n"]
          : [bytes];
        const text = await exchange(port, [Buffer.from(head, "latin1"), ...sent]);
        assert.match(text, /^(HTTP\/1\.1 [1-5]\d\d |$)/);
        assert.doesNotMatch(text, /^HTTP\/1\.1 500 /);
        // What is wrong is said by a problem document, whoever notices it.
        if (/^HTTP\/1\.1 [45]/.test(text))
          assert.match(text, /\r\ncontent-type: application\/problem\+json\r\n/i);
      },
    ),
    { numRuns: 300 },
  );
  assert.equal((await ask("/livez")).status, 200);
  assert.deepEqual(
    lines.filter(({ level }) => level === "error"),
    [],
  );
});

/** What is answered until the connection is closed. */
function exchange(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answered = "";
  const socket = connect({ host: "127.0.0.1", port });
  socket.setEncoding("latin1").on("data", (piece) => (answered += piece));
  socket.on("error", () => {}).on("close", () => resolve(answered));
  for (const piece of pieces) socket.write(piece);
  socket.end();
  return promise;
}

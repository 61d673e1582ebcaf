import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { startService } from "../service/testing/test-service.ts";
import { client } from "./client.ts";
import { openApi } from "./openapi.ts";
import type { Problem } from "./problem.ts";
import { get } from "./route.ts";
import { t } from "./schema.ts";

const api = {
  picture: get("/picture", { answers: { 200: t.bytes("image/png") } }),
  lines: get("/lines/{count}", { answers: { 200: t.stream("text/csv") }, timeoutMs: 10_000 }),
  events: get("/events", { answers: { 200: t.stream("text/event-stream") } }),
};

const png = new Uint8Array([0x89, 0x50, 0xff, 0x00]);

function start(context: TestContext) {
  const ended = Promise.withResolvers<void>();
  const started = startService(context, {
    routes: api,
    handlers: ({ closing }) => ({
      picture: () => png,
      lines: async function* ({ params: { count } }) {
        for (let line = 0; line < Number(count); line += 1) yield `${line}\n`;
        if (count === "3") throw new Error("the fourth is not there");
      },
      events: async function* ({ signal }) {
        try {
          yield "data: hello\n\n";
          await new Promise((resolve) =>
            AbortSignal.any([closing, signal]).addEventListener("abort", resolve),
          );
          yield "data: bye\n\n";
        } finally {
          ended.resolve();
        }
      },
    }),
  });
  return started.then((service) => ({
    ...service,
    ended: ended.promise,
    calls: client(api, { baseUrl: service.url }),
  }));
}

test("a stream that has failed before anybody read it fails nothing else, when nobody wants to read it", async (context) => {
  const { ask } = await startService(context, {
    routes: { torn: get("/torn", { answers: { 200: t.stream("text/csv") } }) },
    handlers: () => ({
      torn: () => new ReadableStream({ start: (controller) => controller.error(new Error("torn")) }),
    }),
  });
  assert.equal((await ask("/torn", { method: "HEAD" })).status, 200);
  assert.equal((await ask("/livez")).status, 200);
});

test("bytes arrive as they were, under their media type, with their length", async (context) => {
  const { url, calls } = await start(context);
  assert.deepEqual(await calls.picture(), png);
  const { headers } = await fetch(`${url}/picture`);
  assert.deepEqual([headers.get("content-type"), headers.get("content-length")], ["image/png", "4"]);
  const { paths } = openApi(api, { title: "shop", version: "1" }) as { paths: Record<string, unknown> };
  assert.match(JSON.stringify(paths["/picture"]), /"content":\{"image\/png":\{"schema":\{\}\}\}/);
});

test("a stream arrives in pieces, as large as it likes", async (context) => {
  const { calls } = await start(context);
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of await calls.lines({ params: { count: "20000" } }))
    text += decoder.decode(piece, { stream: true });
  assert.equal(text, Array.from({ length: 20_000 }, (_, line) => `${line}\n`).join(""));
});

test("a stream that fails midway is cut off, so that nobody takes it for the whole, and said", async (context) => {
  const { ask, line, calls } = await start(context);
  await assert.rejects(async () => {
    for await (const _ of await calls.lines({ params: { count: "3" } }));
  });
  assert.match(JSON.stringify(await line("an answer has broken off")), /the fourth is not there/);
  assert.equal((await line("answered")).status, 500);
  assert.equal((await ask("/lines/3", { method: "HEAD" })).status, 200);
});

test("who goes while a stream comes ends it", async (context) => {
  const { calls, ended, line } = await start(context);
  for await (const piece of await calls.events()) {
    assert.equal(new TextDecoder().decode(piece), "data: hello\n\n");
    break;
  }
  await ended;
  assert.equal((await line("answered")).status, 499);
});

test("a stream that never ends by itself ends with the drain, and holds it up no longer", async (context) => {
  const { it, calls, ended, lines } = await start(context);
  const decoder = new TextDecoder();
  let text = "";
  let stopped: Promise<void> | undefined;
  for await (const piece of await calls.events()) {
    text += decoder.decode(piece);
    stopped ??= it.stop();
  }
  await Promise.all([stopped, ended]);
  assert.equal(text, "data: hello\n\ndata: bye\n\n");
  assert.deepEqual(
    lines.filter(({ level }) => level === "error"),
    [],
  );
});

test("a connection whose answer began before the drain is closed behind it: whoever keeps it holds up nothing", async (context) => {
  const { it, url, lines } = await start(context);
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  socket.write("GET /events HTTP/1.1\r\nhost: shop\r\n\r\n");
  await once(socket, "data");
  const closed = once(socket.resume(), "close");
  await it.stop();
  await closed;
  assert.deepEqual(
    lines.filter(({ level }) => level === "error"),
    [],
  );
});

test("an answer that is larger than a caller takes is a 502, and not held in its memory", async (context) => {
  const { url } = await start(context);
  const calls = client(api, { baseUrl: url, maxAnswerBytes: 3 });
  await assert.rejects(calls.picture(), (error: Problem) => {
    assert.equal(error.status, 502);
    assert.match(error.message, /more than the 3 bytes/);
    return true;
  });
});

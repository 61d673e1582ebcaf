import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startService } from "../service/testing/test-service.ts";
import { current } from "../telemetry/mod.ts";
import { client } from "./client.ts";
import { type Problem, problem } from "./problem.ts";
import { get, post } from "./route.ts";
import { t } from "./schema.ts";

const api = {
  greet: get("/hello/{name}", {
    query: t.object({ times: t.defaulted(t.integer(), 1), tags: t.optional(t.array(t.string())) }),
    answers: { 200: t.object({ text: t.string(), tags: t.array(t.string()) }) },
  }),
  keep: post("/notes", {
    headers: t.object({ "idempotency-key": t.string() }),
    body: t.object({ text: t.string({ minLength: 1 }) }),
    answers: { 204: null },
  }),
  wait: get("/wait", { answers: { 200: t.object({ remainingMs: t.number(), trace: t.string() }) } }),
};

function startGreeter(context: TestContext) {
  return startService(context, {
    routes: api,
    handlers: () => ({
      greet: ({ params, query }) => ({
        text: `Hello, ${params.name}! `.repeat(query.times).trim(),
        tags: query.tags ?? [],
      }),
      keep: ({ headers }) => {
        if (headers["idempotency-key"] === "taken") throw problem(409, "that key is taken");
      },
      wait: ({ remainingMs, signal }) => {
        if (remainingMs() > 1000)
          return { remainingMs: remainingMs(), trace: current()?.span.context.traceId ?? "" };
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    }),
  });
}

test("a client made from routes calls them, typed: parameters, lists, defaults and headers arrive", async (context) => {
  const { url } = await startGreeter(context);
  const greeter = client(api, { baseUrl: url });
  const { text } = await greeter.greet({ params: { name: "a/b ü" } });
  assert.equal(text, "Hello, a/b ü!");
  assert.deepEqual(await greeter.greet({ params: { name: "x" }, query: { times: 2, tags: ["a", "b"] } }), {
    text: "Hello, x! Hello, x!",
    tags: ["a", "b"],
  });
  const kept: undefined = await greeter.keep({ headers: { "idempotency-key": "1" }, body: { text: "a" } });
  assert.equal(kept, undefined);
});

test("an answer that is text arrives as it is, under its own media type, also where it looks like JSON", async (context) => {
  const pages = { page: get("/", { answers: { 200: t.text("text/html; charset=utf-8"), 404: null } }) };
  const { url } = await startService(context, {
    routes: pages,
    handlers: () => ({ page: () => '"<p>ü</p>"' }),
  });
  assert.equal(await client(pages, { baseUrl: url }).page(), '"<p>ü</p>"');
  const answered = await fetch(url);
  assert.equal(answered.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(answered.headers.get("content-length"), "11");
});

test("a problem that a service answers with is thrown as it was, with its wrong fields", async (context) => {
  const { url } = await startGreeter(context);
  const greeter = client(api, { baseUrl: url });
  const headers = { "idempotency-key": "taken" };
  await assert.rejects(greeter.keep({ headers, body: { text: "x" } }), {
    name: "Problem",
    status: 409,
    message: "that key is taken",
  });
  await assert.rejects(greeter.keep({ headers, body: { text: "" } }), (error: Problem) => {
    assert.deepEqual(
      error.errors?.map(({ pointer }) => pointer),
      ["/text"],
    );
    return true;
  });
});

test("a call that is not answered in time is a 504, and one that reaches nobody a 503", async (context) => {
  const { url, it } = await startGreeter(context);
  const greeter = client(api, { baseUrl: url });
  await assert.rejects(greeter.wait({}, { timeoutMs: 30 }), { name: "Problem", status: 504 });
  const caller = new AbortController();
  caller.abort(new Error("I have changed my mind"));
  await assert.rejects(greeter.wait({}, { signal: caller.signal }), /changed my mind/);
  await it.stop();
  await assert.rejects(greeter.wait(), { name: "Problem", status: 503 });
});

test("deadline and trace of the request that is being handled travel along to the next service", async (context) => {
  const { url } = await startGreeter(context);
  const greeter = client(api, { baseUrl: url });
  const { ask } = await startService(context, {
    routes: {
      relay: get("/relay", { answers: { 200: t.object({ remainingMs: t.number(), trace: t.string() }) } }),
    },
    handlers: () => ({ relay: () => greeter.wait() }),
  });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const headers = { "x-remaining-ms": "5000", traceparent: `00-${trace}-b7ad6b7169203331-01` };
  const { body } = await ask("/relay", { headers });
  const { remainingMs, trace: arrived } = body as { remainingMs: number; trace: string };
  assert.ok(remainingMs <= 5000);
  assert.equal(arrived, trace);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { startService } from "../service/testing/test-service.ts";
import { current } from "../telemetry/mod.ts";
import { answer } from "./answer.ts";
import { client } from "./client.ts";
import { type Problem, problem } from "./problem.ts";
import { get, post, type Routes } from "./route.ts";
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
          return { remainingMs: remainingMs(), trace: current()?.span?.context.traceId ?? "" };
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

test("a client that asks for the answer gets it with status and headers, typed, also when it is none to go on with", async (context) => {
  const routes = {
    place: post("/orders", {
      body: t.object({ item: t.string() }),
      answers: {
        201: t.object({ id: t.string() }),
        202: t.object({ job: t.string() }),
        409: t.object({ holder: t.string() }),
      },
    }),
  };
  const { url } = await startService(context, {
    routes,
    handlers: () => ({
      place: ({ body: { item } }) => {
        if (item === "taken") return answer(409, { holder: "ada" });
        if (item === "wrong") throw problem(409, "no such item");
        return item === "later"
          ? answer(202, { job: "8" })
          : answer(201, { id: "7" }, { location: "/orders/7" });
      },
    }),
  });
  const { place } = client(routes, { baseUrl: url });
  const made = await place.answer({ body: { item: "pear" } });
  assert.ok(made.status === 201);
  const id: string = made.body.id;
  assert.deepEqual([id, made.headers.location], ["7", "/orders/7"]);
  const refused = await place.answer({ body: { item: "taken" } });
  assert.ok(refused.status === 409);
  const holder: string = refused.body.holder;
  assert.equal(holder, "ada");
  await assert.rejects(place.answer({ body: { item: "wrong" } }), { status: 409, message: "no such item" });
  const body: { readonly id: string } | { readonly job: string } = await place({ body: { item: "later" } });
  assert.deepEqual(body, { job: "8" }, "any successful answer is one");
  await assert.rejects(place({ body: { item: "taken" } }), { status: 409 });
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

test("a parameter that would lead to another path is refused, and nobody is asked", async (context) => {
  const routes = { list: get("/customers/{id}/orders", { answers: { 204: null } }) };
  const asked: (string | undefined)[] = [];
  const calls = await startOther(context, routes, ({ url }, response) => {
    asked.push(url);
    response.writeHead(204).end();
  });
  for (const id of ["..", ".", ""])
    await assert.rejects(calls.list({ params: { id } }), {
      status: 400,
      message: `the parameter id is ${JSON.stringify(id)}, which no path can have`,
    });
  for (const id of ["...", "%2e%2e", "../x"]) await calls.list({ params: { id } });
  assert.deepEqual(
    asked,
    ["...", "%252e%252e", "..%2Fx"].map((id) => `/customers/${id}/orders`),
  );
});

test("what another service says wrongly of its problem changes nothing of the status, and ends no process", async (context) => {
  const routes = { ask: get("/ask", { answers: { 204: null } }) };
  const documents = [
    "null",
    "[]",
    "7",
    "{}",
    '{"status":99999,"detail":7,"title":null,"type":3,"errors":"none"}',
  ];
  let document = "";
  const calls = await startOther(context, routes, (_, response) =>
    response.writeHead(409, { "content-type": "application/problem+json" }).end(document),
  );
  const { ask } = await startService(context, { routes, handlers: () => ({ ask: () => calls.ask() }) });
  for (document of documents) {
    const { status, body } = await ask("/ask");
    const { detail, title } = body as { detail: unknown; title: unknown };
    assert.deepEqual([status, title, typeof detail], [409, "Conflict", "string"], document);
  }
});

test("a redirect is not followed: it would make a GET of a POST, and take its headers to another", async (context) => {
  const routes = { keep: post("/notes", { body: t.object({}), answers: { 204: null } }) };
  let asked = 0;
  const calls = await startOther(context, routes, (_, response) => {
    asked += 1;
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await assert.rejects(calls.keep({ body: {} }), { status: 502, message: /POST \/notes was answered 302/ });
  assert.equal(asked, 1);
});

test("who is answered because another service failed does not learn where that is; the log does", async (context) => {
  const routes = { ask: get("/ask", { answers: { 204: null } }) };
  const { url, it } = await startService(context, { routes, handlers: () => ({ ask: () => {} }) });
  await it.stop();
  const calls = client(routes, { baseUrl: url });
  const { ask, line } = await startService(context, { routes, handlers: () => ({ ask: () => calls.ask() }) });
  const { status, body } = await ask("/ask");
  assert.equal(status, 503);
  const { port } = new URL(url);
  assert.ok(!JSON.stringify(body).includes(port));
  assert.ok(JSON.stringify((await line("a handler failed")).error).includes(port));
});

/** A client of a server that is not on the chassis. */
async function startOther<const Api extends Routes>(context: TestContext, api: Api, answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return client(api, { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

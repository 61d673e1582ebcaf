import assert from "node:assert/strict";
import { test } from "node:test";
import { breaker, policies, retry, timeout } from "../calls/mod.ts";
import { startService } from "../service/testing/test-service.ts";
import { current } from "../telemetry/mod.ts";
import { client } from "./client.ts";
import { problem } from "./problem.ts";
import { get, post } from "./route.ts";
import { t } from "./schema.ts";

const api = {
  read: get("/prices/{item}", { answers: { 200: t.object({ cents: t.integer() }) } }),
  book: post("/bookings", {
    headers: t.object({ "idempotency-key": t.optional(t.string()) }),
    body: t.object({}),
    answers: { 200: t.object({ attempts: t.integer() }) },
  }),
};

/** Answers after so many failures, for each route apart. */
function startShaky(context: Parameters<typeof startService>[0], failures: number) {
  const asked = { read: 0, book: 0 };
  const fail = (route: keyof typeof asked) => {
    asked[route] += 1;
    if (asked[route] <= failures) throw problem(503, "not now");
  };
  return startService(context, {
    routes: api,
    handlers: () => ({
      read: ({ params }) => {
        if (params.item === "none") throw problem(404, "there is no such item");
        fail("read");
        return { cents: 100 };
      },
      book: () => {
        fail("book");
        return { attempts: asked.book };
      },
    }),
  });
}

test("a client with a policy asks again where that cannot harm: a GET, or with an idempotency key", async (context) => {
  const { url } = await startShaky(context, 2);
  const shop = client(api, { baseUrl: url, policy: retry({ delayMs: 0 }) });
  assert.deepEqual(await shop.read({ params: { item: "pear" } }), { cents: 100 });
  await assert.rejects(shop.book({ body: {} }), { status: 503, message: "not now" });
  assert.deepEqual(await shop.book({ headers: { "idempotency-key": "7" }, body: {} }), { attempts: 3 });
  await assert.rejects(shop.read({ params: { item: "none" } }), { status: 404 });
});

test("a fallback serves while the service is in trouble, and a refusal is not trouble", async (context) => {
  const { url, it } = await startShaky(context, 1);
  const shop = client(api, { baseUrl: url });
  const read = (item: string) => shop.read({ params: { item } }, { fallback: () => ({ cents: 99 }) });
  assert.deepEqual(await read("pear"), { cents: 99 });
  assert.deepEqual(await read("pear"), { cents: 100 });
  await assert.rejects(read("none"), { status: 404 });
  await it.stop();
  assert.deepEqual(await read("pear"), { cents: 99 }, "nobody is there");
  const known = await shop.read({ params: { item: "pear" } }, { fallback: () => undefined });
  assert.equal(known?.cents, undefined, "what serves in place of an answer need not look like one");
});

test("who is down is no longer asked, and is found again when it is back", async (context) => {
  const { url, lines } = await startShaky(context, 2);
  const policy = policies(breaker({ leastCalls: 2, openMs: 20 }), timeout({ timeoutMs: 2_000 }));
  const shop = client(api, { baseUrl: url, policy });
  const read = () => shop.read({ params: { item: "pear" } });
  await assert.rejects(read(), { message: "not now" });
  await assert.rejects(read(), { message: "not now" });
  await assert.rejects(read(), /is not asked for now/);
  assert.equal(lines.filter(({ message }) => message === "answered").length, 2);
  for (let answer: unknown; answer === undefined; ) answer = await read().catch(() => undefined);
});

test("each attempt carries what is left for it, the priority and the trace, and is a span that knows its number", async (context) => {
  const seen: { remaining: number; priority: unknown; span: string | undefined }[] = [];
  const back = await startService(context, {
    routes: { read: api.read },
    handlers: () => ({
      read: ({ remainingMs }) => {
        const { span, priority } = current() ?? {};
        seen.push({ remaining: remainingMs(), priority, span: span?.context.traceId });
        if (seen.length === 1) throw problem(503, "not now");
        return { cents: 1 };
      },
    }),
  });
  const front = await startService(context, {
    routes: { read: api.read },
    handlers: ({ tracer, metrics }) => {
      const policy = policies(retry({ delayMs: 0 }), timeout({ timeoutMs: 700 }));
      const shop = client(api, { baseUrl: back.url, policy, tracer, metrics });
      return { read: ({ params }) => shop.read({ params }) };
    },
  });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const headers = { priority: "u=6", traceparent: `00-${trace}-b7ad6b7169203331-01` };
  assert.deepEqual((await front.ask("/prices/pear", { headers })).body, { cents: 1 });
  assert.equal(seen.length, 2);
  for (const { remaining, priority, span } of seen) {
    assert.ok(remaining <= 700);
    assert.deepEqual([priority, span], ["background", trace]);
  }
  const metrics = await (await fetch(`${front.url}/metrics`)).text();
  const count = (status: string) =>
    new RegExp(`client_request_duration_seconds_count{.*class="${status}".*} 1\n`).test(metrics);
  assert.deepEqual([count("2xx"), count("5xx")], [true, true]);
});

test("an answer that is not JSON is a 502: the service was reached, and did not keep to its routes", async (context) => {
  const { url } = await startShaky(context, 0);
  const broken: typeof fetch = async () => new Response("<html>", { status: 200 });
  const shop = client(api, { baseUrl: url, fetch: broken });
  await assert.rejects(shop.read({ params: { item: "pear" } }), { status: 502, message: /what is not JSON/ });
});

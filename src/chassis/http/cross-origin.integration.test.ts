import assert from "node:assert/strict";
import { test } from "node:test";
import { setting } from "../config/mod.ts";
import { startService } from "../service/testing/test-service.ts";
import { answer } from "./answer.ts";
import { problem } from "./problem.ts";
import { get, put } from "./route.ts";
import { t } from "./schema.ts";

const api = {
  read: get("/orders/{id}", { answers: { 200: t.string() } }),
  change: put("/orders/{id}", { body: t.object({}), answers: { 204: null } }),
};

const shop = "https://shop.example.com";

function start(context: Parameters<typeof startService>[0], origins: string) {
  return startService(
    context,
    {
      config: { origins: setting.list() },
      routes: api,
      crossOrigin: ({ config }) => ({
        origins: config.current.origins.includes("any") ? "any" : config.current.origins,
        exposedHeaders: ["x-total"],
      }),
      handlers: () => ({
        read: ({ params: { id } }) => {
          if (id === "none") throw problem(404, "no such order");
          return answer(200, id, { vary: "accept-language" });
        },
        change: () => {},
      }),
    },
    { environment: { ORIGINS: origins } },
  );
}

test("a page of an origin that may ask is answered so that it may read, also what is wrong; no other is", async (context) => {
  const { ask } = await start(context, `${shop},https://other.example.com`);
  const said = async (path: string, origin?: string, init: RequestInit = {}) => {
    const { headers } = await ask(path, {
      ...init,
      headers: { ...init.headers, ...(origin ? { origin } : {}) },
    });
    return [headers.get("access-control-allow-origin"), headers.get("vary")];
  };
  assert.deepEqual(await said("/orders/7", shop), [shop, "accept-language, origin"]);
  assert.deepEqual(await said("/orders/none", shop), [shop, "origin"]);
  assert.deepEqual(await said("/orders/7", shop, { method: "POST" }), [shop, "origin"]);
  for (const origin of ["https://evil.example.com", `${shop}.evil.com`, "null", undefined])
    assert.deepEqual(await said("/orders/7", origin), [null, "accept-language, origin"], `${origin}`);
  for (const path of ["/livez", "/openapi.json", "/readyz"])
    assert.deepEqual(await said(path, shop), [null, null], path);
});

test("a browser that asks beforehand is told the methods and headers, and nothing when the page may not ask", async (context) => {
  const { ask } = await start(context, shop);
  const asked = (origin: string) =>
    ask("/orders/7", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,content-type",
      },
    });
  const { status, headers } = await asked(shop);
  assert.equal(status, 204);
  assert.deepEqual(
    ["origin", "methods", "headers"].map((each) => headers.get(`access-control-allow-${each}`)),
    [shop, "GET, PUT", "authorization,content-type"],
  );
  assert.equal(headers.get("access-control-max-age"), "600");
  assert.equal((await asked("https://evil.example.com")).headers.get("access-control-allow-origin"), null);
});

test("where any page may ask, a cache may keep one answer for all; what may be read is said", async (context) => {
  const { ask } = await start(context, "any");
  const { headers } = await ask("/orders/7");
  assert.deepEqual(
    [headers.get("access-control-allow-origin"), headers.get("vary")],
    ["*", "accept-language"],
  );
  assert.equal(headers.get("access-control-expose-headers"), "etag, location, retry-after, x-total");
});

test("a service that cannot say which pages may ask answers 500, and goes on", async (context) => {
  const { ask, line } = await startService(context, {
    routes: api,
    crossOrigin: () => {
      throw new Error("no such setting");
    },
    handlers: () => ({ read: ({ params: { id } }) => id, change: () => {} }),
  });
  assert.equal((await ask("/orders/7", { headers: { origin: shop } })).status, 500);
  assert.match(JSON.stringify(await line("a handler failed")), /no such setting/);
  assert.equal((await ask("/livez")).status, 200);
});

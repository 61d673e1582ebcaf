import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { openApi } from "./openapi.ts";
import { del, get, post } from "./route.ts";
import { t } from "./schema.ts";

const order = t.object({
  id: t.string({ format: "uuid" }),
  lines: t.array(t.record(t.integer())),
  note: t.nullable(t.string()),
});

test("the document of routes of every kind is OpenAPI 3.1, by a validator that is not ours", async () => {
  const api = {
    listOrders: get("/orders", {
      summary: "All orders",
      tags: ["orders"],
      query: t.object({
        limit: t.defaulted(t.integer({ minimum: 1 }), 20),
        state: t.optional(t.oneOf(["open", "sent"])),
      }),
      answers: { 200: t.array(order) },
    }),
    placeOrder: post("/orders", {
      headers: t.object({ "idempotency-key": t.string() }),
      body: t.object({ item: t.union(t.string(), t.literal(1)), wanted: t.optional(t.unknown()) }),
      answers: { 201: order, 409: t.object({ holder: t.string() }) },
    }),
    removeOrder: del("/orders/{id}", {
      params: t.object({ id: t.string({ format: "uuid" }) }),
      access: { scopes: ["orders:write"] },
      answers: { 204: null },
    }),
    ping: get("/ping/{who}", { answers: { 204: null } }),
    picture: get("/picture", { answers: { 200: t.bytes("image/png"), 304: null } }),
    events: get("/events", { answers: { 200: t.stream("text/event-stream") } }),
    page: get("/", { answers: { 200: t.text("text/html") } }),
  };
  const document = openApi(api, { title: "shop", version: "1.0.0", description: "Sells things." });
  assert.match(JSON.stringify(document), /"content":\{"text\/html":\{"schema":\{"type":"string"\}\}\}/);
  const validator = new Validator();
  // The validator changes what it is given.
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
});

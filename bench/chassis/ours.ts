import { answer, post, service, t } from "@nacre/chassis";

/** A typed route with validation, a log line and a span per request, metrics: what a service has without asking for it. */
const [port = "0", collector = ""] = process.argv.slice(2);
const line = t.object({ item: t.string({ minLength: 1 }), count: t.integer({ minimum: 1 }) });
const api = {
  place: post("/orders/{shop}", {
    query: t.object({ dry: t.defaulted(t.boolean(), false) }),
    body: t.object({ customer: t.string({ format: "uuid" }), lines: t.array(line, { minItems: 1 }) }),
    answers: {
      201: t.object({ id: t.string(), shop: t.string(), total: t.integer(), dry: t.boolean() }),
    },
  }),
};
const it = service({
  name: "bench",
  version: "1.0.0",
  routes: api,
  handlers: () => ({
    place: ({ body, params, query }) => {
      const total = body.lines.reduce((sum, { count }) => sum + count, 0);
      return answer(201, { id: body.customer, shop: params.shop, total, dry: query.dry });
    },
  }),
  machine: {
    args: [],
    environment: {
      HOST: "127.0.0.1",
      PORT: port,
      ...(collector ? { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector}/v1/traces` } : {}),
    },
  },
});
await it.start();

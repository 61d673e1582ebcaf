import { FastifyOtelInstrumentation } from "@fastify/otel";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import Fastify from "fastify";
import metrics from "fastify-metrics";

// The work of ours.ts with Fastify and its usual plugins: validation, a log line and a span per request, metrics.
const [, , port, collector] = process.argv;
const url = `${collector}/v1/traces`;
const spans = new BatchSpanProcessor(new OTLPTraceExporter({ url }), {
  maxQueueSize: 8192,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 5000,
});
const provider = new BasicTracerProvider({ spanProcessors: [spans] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const otel = new FastifyOtelInstrumentation();
otel.setTracerProvider(provider);

const app = Fastify({ logger: true, ajv: { customOptions: { allErrors: true } } });
await app.register(otel.plugin());
await app.register(metrics.default ?? metrics, { endpoint: "/metrics" });
const line = {
  type: "object",
  additionalProperties: false,
  required: ["item", "count"],
  properties: { item: { type: "string", minLength: 1 }, count: { type: "integer", minimum: 1 } },
};
const schema = {
  params: { type: "object", properties: { shop: { type: "string" } }, required: ["shop"] },
  querystring: {
    type: "object",
    properties: { dry: { type: "boolean", default: false } },
    additionalProperties: false,
  },
  body: {
    type: "object",
    additionalProperties: false,
    required: ["customer", "lines"],
    properties: {
      customer: { type: "string", format: "uuid" },
      lines: { type: "array", minItems: 1, items: line },
    },
  },
  response: {
    201: {
      type: "object",
      properties: {
        id: { type: "string" },
        shop: { type: "string" },
        total: { type: "integer" },
        dry: { type: "boolean" },
      },
    },
  },
};
app.post("/orders/:shop", { schema }, async ({ body, params, query }, reply) => {
  reply.code(201);
  const total = body.lines.reduce((sum, { count }) => sum + count, 0);
  return { id: body.customer, shop: params.shop, total, dry: query.dry };
});
await app.listen({ host: "127.0.0.1", port: Number(port) });

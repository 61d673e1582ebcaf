import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { client } from "../http/client.ts";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";

/** The parts of OTLP's JSON that are looked at: https://opentelemetry.io/docs/specs/otlp/. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly OtlpAttribute[];
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

interface OtlpMetric {
  readonly name: string;
  readonly histogram?: {
    readonly dataPoints: readonly { readonly count: number; readonly attributes: readonly OtlpAttribute[] }[];
  };
}

interface Sent {
  readonly resourceSpans?: readonly {
    resource: { attributes: OtlpAttribute[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly { scopeMetrics: { metrics: OtlpMetric[] }[] }[];
}

const api = {
  work: get("/work/{id}", { answers: { 200: t.string() } }),
  fail: get("/fail", { answers: { 200: t.string() } }),
};

test("every span reaches the collector, those too that end while the exporter is loaded; so do the metrics", async (context) => {
  const collector = await startCollector(context);
  const { it, url, ask } = await startService(
    context,
    {
      routes: api,
      handlers: ({ tracer }) => ({
        work: ({ params }) =>
          tracer.within("step", () => params.id, { attributes: { "work.id": params.id } }),
        fail: () => {
          throw new Error("no luck");
        },
      }),
    },
    {
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test%20one",
      },
    },
  );
  // The first of these are answered before the exporter has been loaded.
  const caller = client(api, { baseUrl: url });
  await Promise.all(Array.from({ length: 50 }, (_, at) => caller.work({ params: { id: String(at) } })));
  const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  await ask("/fail", { headers: { traceparent: `00-${parent.traceId}-${parent.spanId}-01` } });
  await ask("/fail", { headers: { traceparent: `00-${"1".repeat(32)}-${parent.spanId}-00` } });
  await it.stop();

  const spans = collector.sent.flatMap(({ resourceSpans = [] }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans: each }) => each)),
  );
  const steps = spans.filter(({ name }) => name === "step");
  assert.equal(steps.length, 50);
  for (const step of steps) {
    const around = spans.find(({ spanId }) => spanId === step.parentSpanId);
    assert.equal(around?.traceId, step.traceId, "a step stands in the trace of its request");
    assert.ok(BigInt(around.startTimeUnixNano) <= BigInt(step.startTimeUnixNano));
    assert.ok(BigInt(step.endTimeUnixNano) <= BigInt(around.endTimeUnixNano));
  }
  const failed = spans.filter(({ attributes }) =>
    attributes.some(({ value }) => value.stringValue === "/fail"),
  );
  assert.equal(failed.length, 1, "who began a trace without recording it is followed");
  assert.deepEqual(
    [failed[0]?.traceId, failed[0]?.parentSpanId, failed[0]?.kind, failed[0]?.status.code],
    [parent.traceId, parent.spanId, 2, 2],
  );
  const resource = collector.sent.find(({ resourceSpans }) => resourceSpans)?.resourceSpans?.[0]?.resource
    .attributes;
  assert.deepEqual(
    resource?.map(({ key, value }) => [key, value.stringValue]),
    [
      ["deployment.environment.name", "test one"],
      ["service.name", "shop"],
      ["service.version", "1.2.3"],
    ],
  );
  const metrics = collector.sent.flatMap(({ resourceMetrics = [] }) =>
    resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: each }) => each)),
  );
  const durations = metrics.findLast(
    ({ name }) => name === "http_server_request_duration_seconds",
  )?.histogram;
  const worked = durations?.dataPoints.find(({ attributes }) =>
    attributes.some(({ value }) => value.stringValue === "/work/{id}"),
  );
  assert.equal(Number(worked?.count), 50);
});

test("a collector that is not there costs a service its telemetry and a line, nothing else", async (context) => {
  const { it, ask, line } = await startService(
    context,
    { routes: api, handlers: () => ({ work: ({ params }) => params.id, fail: () => "" }) },
    { environment: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:1/v1/traces" } },
  );
  assert.equal((await ask("/work/7")).body, "7");
  await it.stop();
  await line("ended");
});

/** Something that takes what a collector takes, and keeps it. */
async function startCollector(context: TestContext) {
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    sent.push(JSON.parse(await text(request)) as Sent);
    response.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return { sent, url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
}

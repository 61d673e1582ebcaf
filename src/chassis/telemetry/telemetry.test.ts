import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, systemClock } from "#base";
import { limits } from "./limits.ts";
import { Telemetry } from "./telemetry.ts";

function telemetry(environment: Record<string, string>): { it: Telemetry; text: () => string } {
  let text = "";
  const it = new Telemetry({
    name: "shop",
    version: "1.0.0",
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", ...environment },
    output: { write: (more) => (text += more) },
    clock: systemClock,
    random: seededRandom(1),
  });
  return { it, text: () => text };
}

test("who decides which traces are recorded, and how many, is said as OpenTelemetry says it", () => {
  const theirs = { traceId: "1".repeat(32), spanId: "2".repeat(16) };
  const shares = (environment: Record<string, string>) => {
    const { tracer } = telemetry(environment).it;
    const share = (sampled?: boolean) => {
      const parent = sampled === undefined ? {} : { parent: { ...theirs, sampled } };
      const spans = Array.from({ length: 100 }, () => tracer.start("GET", { kind: "server", ...parent }));
      const recorded = spans.filter(({ context }) => context.sampled).length;
      return recorded === 0 ? "none" : recorded === 100 ? "all" : "some";
    };
    return [share(), share(true), share(false)].join();
  };
  const half = { OTEL_TRACES_SAMPLER_ARG: "0.5" };
  assert.equal(shares({}), "all,all,none");
  assert.equal(shares({ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", ...half }), "some,all,none");
  assert.equal(shares({ OTEL_TRACES_SAMPLER: "parentbased_always_off" }), "none,all,none");
  assert.equal(shares({ OTEL_TRACES_SAMPLER: "traceidratio", ...half }), "some,some,some");
  assert.equal(shares({ OTEL_TRACES_SAMPLER: "always_off" }), "none,none,none");
  assert.equal(shares({ OTEL_TRACES_SAMPLER: "always_on" }), "all,all,all");
});

test("a span within another is recorded when that is, whoever began the trace", () => {
  const { tracer } = telemetry({ OTEL_TRACES_SAMPLER: "always_off" }).it;
  const outer = tracer.start("GET", { kind: "server" });
  assert.equal(tracer.start("step", { parent: outer.context }).context.sampled, false);
});

test("a span that waits keeps what an error says, not what it is about", () => {
  const { tracer } = telemetry({}).it;
  tracer.start("step").end(Object.assign(new Error("x".repeat(5_000)), { body: {} }));
  assert.equal(tracer.take(1)[0]?.error, "x".repeat(limits.spanError));
});

test("an empty variable is as none", () => {
  const { it, text } = telemetry({ OTEL_SERVICE_NAME: "", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "" });
  it.logs.logger.info("hello");
  it.logs.flush();
  assert.match(text(), /"service":"shop"/);
  assert.equal(it.tracer.start("GET").context.sampled, true, "spans go to the endpoint that all has");
});

test("a metric that cannot be read costs this export and a line, not the service's end", async () => {
  const { it, text } = telemetry({
    OTEL_EXPORTER_OTLP_ENDPOINT: "",
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://127.0.0.1:1",
  });
  it.registry.measured("gauge", "depth", "", () => assert.fail("not now"));
  it.export();
  await it.close();
  assert.match(text(), /telemetry could not be made ready for export.*not now/);
});

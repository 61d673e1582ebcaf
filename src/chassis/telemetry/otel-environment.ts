import type { Attributes, Sampling } from "./tracer.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a collector listens, as OpenTelemetry's environment variables say it; an absent one is not sent to. */
export interface Collectors {
  readonly tracesUrl?: string;
  readonly metricsUrl?: string;
}

/** What OTEL_EXPORTER_OTLP_ENDPOINT, …_TRACES_ENDPOINT and …_METRICS_ENDPOINT say. */
export function collectorsOf(environment: Environment): Collectors {
  if (environment.OTEL_SDK_DISABLED === "true") return {};
  const base = environment.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, "");
  const tracesUrl = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || (base && `${base}/v1/traces`);
  const metricsUrl = environment.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT || (base && `${base}/v1/metrics`);
  return { ...(tracesUrl ? { tracesUrl } : {}), ...(metricsUrl ? { metricsUrl } : {}) };
}

/** OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. Nothing, or what is not known, is `parentbased_always_on`. */
export function samplingOf({
  OTEL_TRACES_SAMPLER: sampler = "",
  OTEL_TRACES_SAMPLER_ARG: argument,
}: Environment): Sampling {
  const kind = sampler.replace("parentbased_", "");
  const ofOthers = samplers.has(sampler) ? "here" : "beginner";
  if (kind === "always_off") return { ofOthers, ratio: 0 };
  const ratio = kind === "traceidratio" && argument ? Number(argument) : 1;
  return { ofOthers, ratio: ratio >= 0 && ratio <= 1 ? ratio : 1 };
}

/** Those that decide whoever has begun a trace. */
const samplers: ReadonlySet<string> = new Set(["always_on", "always_off", "traceidratio"]);

/** What OTEL_RESOURCE_ATTRIBUTES says: `deployment.environment.name=test,k8s.pod.name=shop-1`, percent-encoded. */
export function parseAttributes(text: string | undefined): Attributes {
  const pairs = (text ?? "").split(",").map((pair) => pair.split("=", 2));
  return Object.fromEntries(
    pairs
      .filter(([name, value]) => name && value)
      .map(([name, value]) => [name?.trim(), decode(value as string)]),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}

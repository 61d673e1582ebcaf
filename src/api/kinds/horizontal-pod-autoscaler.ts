import { autoscalingV1HorizontalPodAutoscalers, horizontalPodAutoscalers } from "../generated/resources.ts";
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  MetricSpec,
} from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkPositive, type FieldErrors, invalidValue, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";

type V1 = AutoscalingV1HorizontalPodAutoscaler;
type V2 = HorizontalPodAutoscaler;

/** Autoscalers as `autoscaling/v2` has them: the form they are stored in. */
export const horizontalPodAutoscalerKind: KindDefinition<V2> = defineKind<V2>(horizontalPodAutoscalers, {
  hasGeneration: false,
  defaults({ spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    spec.metrics ??= [cpuMetric(80)];
  },
  prepareForCreate(autoscaler) {
    autoscaler.status = { desiredReplicas: 0, currentReplicas: 0 };
  },
  validate,
  columns: {
    columns: [
      nameColumn(),
      column("Reference", "What it sizes."),
      column("Targets", "By which measures: now/wanted."),
      column("MinPods", "The fewest.", "string"),
      column("MaxPods", "The most.", "string"),
      column("Replicas", "How many there are.", "string"),
      ageColumn(),
    ],
    row: (autoscaler, nowMs) => [
      autoscaler.metadata?.name ?? "",
      `${autoscaler.spec?.scaleTargetRef?.kind}/${autoscaler.spec?.scaleTargetRef?.name}`,
      shownTargets(autoscaler),
      autoscaler.spec?.minReplicas ?? "<unset>",
      autoscaler.spec?.maxReplicas ?? 0,
      autoscaler.status?.currentReplicas ?? 0,
      age(autoscaler.metadata?.creationTimestamp, nowMs),
    ],
  },
});

/** The same autoscalers as `autoscaling/v1` serves them: of the measures, only the share of CPU. */
export const autoscalingV1Kind: KindDefinition<V1> = defineKind<V1>(autoscalingV1HorizontalPodAutoscalers, {
  hasGeneration: false,
  storage: {
    group: "autoscaling",
    resource: "horizontalpodautoscalers",
    apiVersion: "autoscaling/v2",
    convert: { toStored: toV2, fromStored: (stored) => toV1(stored as V2) },
  },
  defaults({ spec }) {
    if (spec) spec.minReplicas ??= 1;
  },
  prepareForCreate(autoscaler) {
    autoscaler.status = { desiredReplicas: 0, currentReplicas: 0 };
  },
  validate: (autoscaler, errors) => validate(toV2(autoscaler), errors),
  columns: {
    columns: horizontalPodAutoscalerKind.columns.columns,
    row: (autoscaler, nowMs) => horizontalPodAutoscalerKind.columns.row(toV2(autoscaler), nowMs),
  },
});

function validate({ spec }: V2, errors: FieldErrors): void {
  if (!spec?.scaleTargetRef?.kind) errors.push(required("spec.scaleTargetRef.kind"));
  if (!spec?.scaleTargetRef?.name) errors.push(required("spec.scaleTargetRef.name"));
  if (spec?.minReplicas !== undefined && spec.minReplicas < 1) {
    errors.push(invalidValue("spec.minReplicas", spec.minReplicas, "must be greater than or equal to 1"));
  }
  checkPositive(errors, "spec.maxReplicas", spec?.maxReplicas ?? 0);
  if ((spec?.maxReplicas ?? 0) < (spec?.minReplicas ?? 1)) {
    errors.push(
      invalidValue(
        "spec.maxReplicas",
        spec?.maxReplicas ?? 0,
        "must be greater than or equal to `minReplicas`",
      ),
    );
  }
}

function toV2(v1: V1): V2 {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = v1.spec ?? {
    maxReplicas: 0,
    scaleTargetRef: { kind: "", name: "" },
  };
  const { currentCPUUtilizationPercentage: now, ...status } = v1.status ?? {
    currentReplicas: 0,
    desiredReplicas: 0,
  };
  return {
    ...v1,
    apiVersion: "autoscaling/v2",
    spec: { ...spec, metrics: [cpuMetric(cpu ?? 80)] },
    status: {
      ...status,
      ...(now === undefined
        ? {}
        : {
            currentMetrics: [
              { type: "Resource", resource: { name: "cpu", current: { averageUtilization: now } } },
            ],
          }),
    },
  };
}

function toV1(v2: V2): V1 {
  const {
    metrics,
    behavior: _,
    ...spec
  } = v2.spec ?? { maxReplicas: 0, scaleTargetRef: { kind: "", name: "" } };
  const { currentMetrics, conditions: __, ...status } = v2.status ?? { desiredReplicas: 0 };
  const cpu = metrics?.find((each) => each.resource?.name === "cpu")?.resource?.target?.averageUtilization;
  const now = currentMetrics?.find((each) => each.resource?.name === "cpu")?.resource?.current
    ?.averageUtilization;
  return {
    ...v2,
    apiVersion: "autoscaling/v1",
    spec: { ...spec, ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }) },
    status: {
      ...status,
      currentReplicas: v2.status?.currentReplicas ?? 0,
      ...(now === undefined ? {} : { currentCPUUtilizationPercentage: now }),
    },
  };
}

function cpuMetric(percent: number): MetricSpec {
  return {
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization: percent } },
  };
}

function shownTargets({ spec, status }: V2): string {
  const shown = (spec?.metrics ?? []).map((metric, index) => {
    if (metric.resource === undefined) return `${(metric.type ?? "").toLowerCase()}: <unknown>`;
    const { name, target = { type: "" } } = metric.resource;
    const now = status?.currentMetrics?.[index]?.resource?.current;
    if (target.averageUtilization !== undefined) {
      return `${name}: ${now?.averageUtilization === undefined ? "<unknown>" : `${now.averageUtilization}%`}/${target.averageUtilization}%`;
    }
    return `${name}: ${now?.averageValue ?? "<unknown>"}/${target.averageValue ?? "<auto>"}`;
  });
  return shown.join(", ") || "<none>";
}

import type { StatusCause } from "#base";
import type { LabelSelector, Scale } from "../generated/types.ts";
import type { KubernetesObject } from "../resource.ts";
import { compileLabelSelector } from "../selector/label-selector.ts";
import { formatSelector } from "../selector/selector.ts";
import { checkNonNegative, type FieldErrors } from "./field-errors.ts";
import type { ViewSubresource } from "./kind-definition.ts";

/** Anything whose size is `spec.replicas`. */
interface Scalable extends KubernetesObject {
  spec?: { replicas?: number; selector?: LabelSelector };
  status?: { replicas?: number };
}

/** The `scale` subresource: an `autoscaling/v1 Scale` over `spec.replicas`. */
export function scaleView<T extends Scalable>(): ViewSubresource<T> {
  return {
    type: "view",
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    read(object): Scale {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
      const selector = object.spec?.selector;
      return {
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: dropAbsent({ name, namespace, uid, resourceVersion, creationTimestamp }),
        spec: { replicas: object.spec?.replicas ?? 0 },
        status: {
          replicas: object.status?.replicas ?? 0,
          ...(selector ? { selector: formatSelector(compileLabelSelector(selector)) } : {}),
        },
      };
    },
    validate(view): StatusCause[] {
      const errors: FieldErrors = [];
      checkNonNegative(errors, "spec.replicas", (view as Scale).spec?.replicas);
      return errors;
    },
    write(view, object) {
      const replicas = (view as Scale).spec?.replicas ?? 0;
      if (object.spec === undefined || object.spec.replicas === replicas) return;
      object.spec.replicas = replicas;
      object.metadata ??= {};
      object.metadata.generation = (object.metadata.generation ?? 0) + 1;
    },
  };
}

function dropAbsent<T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}

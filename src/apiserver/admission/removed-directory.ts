import { jsonEqual, type KubernetesObject, localFinalizer } from "#api";
import type { AdmissionAttributes } from "../ports.ts";

/** Whether a write of a volume that is a directory says that the directory is gone, and nothing else. */
export function saysDirectoryIsGone({ operation, object, oldObject }: AdmissionAttributes): boolean {
  const wanted = (oldObject?.metadata?.finalizers ?? []).filter((one) => one !== localFinalizer);
  return (
    operation === "UPDATE" &&
    jsonEqual(withoutFinalizers(object), withoutFinalizers(oldObject)) &&
    jsonEqual(object?.metadata?.finalizers ?? [], wanted)
  );
}

function withoutFinalizers(volume: KubernetesObject | undefined): object {
  const { metadata, ...more } = { ...volume };
  const { finalizers: _, managedFields: __, resourceVersion: ___, ...identity } = { ...metadata };
  return { ...more, metadata: identity };
}

import { amountOf, canonicalQuantity, formatQuantity, type Pod, quantityFromValue } from "#api";
import { containersOf } from "../pods/containers.ts";
import type { Signal } from "./signals.ts";

/** Why a pod is evicted, in the kubelet's words: `usage` in bytes, by container. Pure. */
export function evictionMessage(signal: Signal, pod: Pod, usage: ReadonlyMap<string, number>): string {
  const { resource, threshold, available } = signal;
  const sentences = [
    `The node was low on resource: ${resource}.`,
    `Threshold quantity: ${bytes(threshold)}, available: ${bytes(available)}.`,
  ];
  for (const { name, resources } of containersOf(pod).main) {
    const used = usage.get(name) ?? 0;
    const request = resources?.requests?.[resource] ?? "0";
    if (used <= amountOf(resource, request)) continue;
    sentences.push(
      `Container ${name} was using ${bytes(used)}, request is ${canonicalQuantity(request)}, has larger consumption of ${resource}.`,
    );
  }
  return sentences.join(" ");
}

function bytes(value: number): string {
  return formatQuantity(quantityFromValue(value, "BinarySI"));
}

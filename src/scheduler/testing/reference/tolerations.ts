import type { Pod, Taint, Toleration } from "#api";

export function toleratesAny(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => covers(toleration, taint));
}

function covers({ key, operator = "Equal", value = "", effect }: Toleration, taint: Taint): boolean {
  const effectCovers = !effect || effect === taint.effect;
  const keyCovers = !key || key === taint.key;
  const valueCovers = operator === "Exists" || value === (taint.value ?? "");
  return effectCovers && keyCovers && valueCovers;
}

import { formatQuantity, quantityFromMilliValue } from "#api";

/** An amount of a resource as people read it, in Kubernetes' units: `1900m`, `1.6Gi`, `110`. */
export function amountText(resource: string, amount: number): string {
  if (resource === "cpu") return formatQuantity(quantityFromMilliValue(amount));
  return isBytes(resource) ? bytesText(amount) : String(amount);
}

/** How much of a whole, in percent. */
export function percentText(part: number, whole: number): string {
  return whole === 0 ? "" : `${Math.round((100 * part) / whole)}%`;
}

function isBytes(resource: string): boolean {
  return resource === "memory" || resource.endsWith("storage") || resource.startsWith("hugepages-");
}

/** In the largest unit of which there is at least one; a tenth matters only of few. */
function bytesText(bytes: number): string {
  const size = Math.abs(bytes);
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(size, 1)) / 10));
  const value = size / 2 ** (10 * power);
  const digits = power > 0 && value < 10 ? 1 : 0;
  const text = value.toFixed(digits).replace(/\.0$/, "");
  return `${bytes < 0 ? "-" : ""}${text}${units[power]}`;
}

const units = ["", "Ki", "Mi", "Gi", "Ti"];

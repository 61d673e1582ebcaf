/**
 * A short name for a value (a pod template), for labels and names. The same value gives the same hash whatever the order of its
 * fields; `collisions` gives another when a name is taken by a different value. (FNV-1a, 32 bits.)
 */
export function hashOf(value: object, collisions: number): string {
  const text = canonical(value) + (collisions > 0 ? `#${collisions}` : "");
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return Array.from(String(hash >>> 0), (digit) => alphabet[Number(digit)]).join("");
}

/** As in Kubernetes' names: no vowels, so no words. */
const alphabet = "bcdfghjklm";

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(",")}}`;
}

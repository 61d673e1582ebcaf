/** The values of one field of a schedule that are meant. */
export interface Field {
  readonly values: ReadonlySet<number>;
  /** Written as `*`: says nothing of its own. */
  readonly isAny: boolean;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Names from `min` on. */
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** In the order in which a schedule has them. */
export const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** Reads `*`, `5`, `1-5`, every 15th, `10-30/5`, and lists of these. Throws an error that says what is wrong. */
export function parseField(text: string, within: Bounds): Field {
  const values = new Set<number>();
  let isAny = false;
  for (const part of text.split(",")) {
    const range = parseRange(part, within);
    isAny ||= range.isAny;
    for (let value = range.first; value <= range.last; value += range.step) values.add(value);
  }
  return { values, isAny };
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly isAny: boolean;
}

function parseRange(text: string, within: Bounds): Range {
  const [range = "", stepText, ...more] = text.split("/");
  if (more.length > 0) throw new Error(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`);
  if (range === "*" || range === "?") {
    return { first: within.min, last: within.max, step, isAny: step === 1 };
  }
  const [firstText = "", lastText, ...rest] = range.split("-");
  if (rest.length > 0) throw new Error(`too many hyphens: ${text}`);
  const first = parseValue(firstText, within);
  // `5/15` means from 5 on.
  const open = stepText === undefined ? first : within.max;
  const last = lastText === undefined ? open : parseValue(lastText, within);
  if (first < within.min) {
    throw new Error(`beginning of range (${first}) below minimum (${within.min}): ${text}`);
  }
  if (last > within.max) throw new Error(`end of range (${last}) above maximum (${within.max}): ${text}`);
  if (first > last) throw new Error(`beginning of range (${first}) beyond end of range (${last}): ${text}`);
  return { first, last, step, isAny: false };
}

function parseValue(text: string, { min, names }: Bounds): number {
  const at = names?.indexOf(text.toLowerCase()) ?? -1;
  return at >= 0 ? at + min : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`failed to parse int from ${text || '""'}`);
  return Number(text);
}

/** Numbers and times as people read them, the same on the terminal and on the page. */

/** `99.93%`: rounded away from 100, so that what was missed by little still shows. */
export function percent(part: number | null): string {
  if (part === null) return "–";
  const hundredths = part < 1 ? Math.min(9_999, Math.round(part * 10_000)) : Math.round(part * 10_000);
  return `${(hundredths / 100).toFixed(2).replace(/\.?0+$/, "")}%`;
}

/** `10:01`, or with its day when there are several: `day 2 10:01`. */
export function timeAt(startIso: string, seconds: number, durationSeconds: number): string {
  const startMs = Date.parse(startIso);
  const at = new Date(startMs + seconds * 1000).toISOString();
  const day = Math.floor((Date.parse(at) - Math.floor(startMs / dayMs) * dayMs) / dayMs) + 1;
  const isLong = (startMs % dayMs) + durationSeconds * 1000 > dayMs;
  return `${isLong ? `day ${day} ` : ""}${at.slice(11, at.slice(17, 19) === "00" ? 16 : 19)}`;
}

/** `45 s`, `12 min`, `3 h 20 min` */
export function lasting(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ""}`;
}

/** `1,234,567` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

const dayMs = 86_400_000;

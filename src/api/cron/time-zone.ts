/** What a clock and a calendar show somewhere. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0, Sunday, to 6. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Reads the clock of a time zone at a time, milliseconds since the epoch. */
export type ReadClock = (atMs: number) => WallTime;

/** The clock of an IANA time zone, `UTC` unless given. Throws an error when there is no such zone. */
export function clockOf(timeZone = "UTC"): ReadClock {
  if (timeZone === "UTC" || timeZone === "Etc/UTC") return utcClock;
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(timeZone) || timeZone.toLowerCase() === "local") {
    throw new Error(`unknown time zone ${timeZone}`);
  }
  const format = formatOf(timeZone);
  return (atMs) => {
    const shown: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(atMs)) shown[type] = value;
    const [year, month, day] = [Number(shown.year), Number(shown.month), Number(shown.day)];
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    const [hour, minute, second] = [Number(shown.hour), Number(shown.minute), Number(shown.second)];
    return { year, month, day, weekday, hour, minute, second };
  };
}

/** RFC 3339 as the zone's clock shows it: `2026-01-02T03:04:05+01:00`. */
export function rfc3339(atMs: number, read: ReadClock): string {
  const { year, month, day, hour, minute, second } = read(atMs);
  const shownMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const text = new Date(shownMs).toISOString().slice(0, 19);
  const aheadMinutes = Math.round((shownMs - Math.floor(atMs / 1000) * 1000) / 60_000);
  if (aheadMinutes === 0) return `${text}Z`;
  const [hours, minutes] = [Math.trunc(Math.abs(aheadMinutes) / 60), Math.abs(aheadMinutes) % 60];
  return `${text}${aheadMinutes < 0 ? "-" : "+"}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

function utcClock(atMs: number): WallTime {
  const at = new Date(atMs);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    weekday: at.getUTCDay(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    throw new Error(`unknown time zone ${timeZone}`, { cause: error });
  }
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/**
 * Times as Kubernetes writes them: RFC 3339 in UTC, to the second (`Time`) or the microsecond (`MicroTime`).
 * Undefined for what is no time.
 */
export function canonicalTime(text: string): string | undefined {
  return isUtcSeconds(text) ? text : instantOf(text)?.seconds;
}

export function canonicalMicroTime(text: string): string | undefined {
  if (sixDecimals.test(text) && isUtcSeconds(`${text.slice(0, 19)}Z`)) return text;
  const instant = instantOf(text);
  return (
    instant && `${instant.seconds.slice(0, -1)}.${instant.nanos.toString().padStart(9, "0").slice(0, 6)}Z`
  );
}

/** Seconds since 1970 and billionths of one, as protobuf carries them. */
export function secondsOf(text: string): { seconds: number; nanos: number } | undefined {
  const instant = instantOf(text);
  return instant && { seconds: instant.epochSeconds, nanos: instant.nanos };
}

/** The time of `seconds` since 1970; undefined when it lies outside the years 0 to 9999. */
export function timeOf(seconds: number): string | undefined {
  if (!(seconds >= firstSecond && seconds <= lastSecond)) return undefined;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

export function microTimeOf(seconds: number, nanos: number): string | undefined {
  const time = timeOf(seconds);
  return time && `${time.slice(0, -1)}.${nanos.toString().padStart(9, "0").slice(0, 6)}Z`;
}

/** 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const firstSecond = -62_167_219_200;
const lastSecond = 253_402_300_799;

interface Instant {
  readonly seconds: string;
  readonly epochSeconds: number;
  readonly nanos: number;
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

function instantOf(text: string): Instant | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, local = "", fraction = "", sign, hours = "0", minutes = "0"] = match;
  const localMs = Date.parse(`${local}Z`);
  // A day that no month has (30 February) parses, as a later one: what is written must come out again.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, 19) !== local) return undefined;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60 : 60);
  const epochSeconds = localMs / 1000 - offset;
  const seconds = timeOf(epochSeconds);
  if (seconds === undefined) return undefined;
  return { seconds, epochSeconds, nanos: Number(fraction.slice(0, 9).padEnd(9, "0")) };
}

const sixDecimals = /^.{19}\.\d{6}Z$/;
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const utcSeconds = /^\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;

/** Already canonical, which nearly all times are; a leap day takes the long way. */
function isUtcSeconds(text: string): boolean {
  const match = utcSeconds.exec(text);
  if (match === null) return false;
  const day = Number(match[2]);
  const days = daysInMonth[Number(match[1]) - 1];
  return (
    days !== undefined &&
    day >= 1 &&
    day <= days &&
    Number(match[3]) < 24 &&
    Number(match[4]) < 60 &&
    Number(match[5]) < 60
  );
}

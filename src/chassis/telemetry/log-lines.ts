import { type Clock, type Logger, type LogLevel, type LogSink, logger, messageOf } from "#base";
import { util } from "../node-modules.ts";
import { current } from "./current.ts";
import { limits } from "./limits.ts";

/** Where finished lines go: `process.stdout`, or a test's own. */
export interface LineWriter {
  write(text: string): unknown;
}

export interface LogOptions {
  readonly clock: Clock;
  readonly output: LineWriter;
  /** Stands in every line. */
  readonly service: string;
}

/** A logger, its level, and how to bring out what it holds back. */
export interface Logs {
  readonly logger: Logger;
  /** The least important lines to write. May change at any time. */
  level: LogLevel;
  /** Writes what waits: before a process ends. */
  flush(): void;
}

/**
 * One JSON object per line, always beginning alike:
 *
 *     {"time":"2026-11-28T01:02:03.004Z","level":"info","service":"shop","trace_id":"…","span_id":"…","message":"…", …fields}
 *
 * `trace_id` and `span_id` are there when something is being done for somebody. Lines of one turn of the event loop are written together.
 */
export function logs({ clock, output, service }: LogOptions): Logs {
  const beginning = `,"service":${JSON.stringify(service)}`;
  let waiting = "";
  const flush = () => {
    const text = waiting;
    waiting = "";
    if (text) output.write(text);
  };
  const sink: LogSink = (level, message, fields) => {
    if (order[level] < order[written.level]) return;
    const context = current()?.span?.context;
    const trace = context ? `,"trace_id":"${context.traceId}","span_id":"${context.spanId}"` : "";
    if (waiting === "") setImmediate(flush);
    waiting += `{"time":"${isoTime(clock.now())}","level":"${level}"${beginning}${trace},"message":${JSON.stringify(message)}${render(fields)}}\n`;
  };
  const written: Logs = { logger: logger(sink, "debug"), level: "info", flush };
  return written;
}

const order: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Names that a line's own fields have: a field called so is written with an underscore behind. */
const taken: ReadonlySet<string> = new Set(["time", "level", "service", "trace_id", "span_id", "message"]);

function render(fields: Readonly<Record<string, unknown>>): string {
  let text = "";
  for (const name in fields) {
    const value = toJson(fields[name]);
    if (value !== undefined) text += `,${JSON.stringify(taken.has(name) ? `${name}_` : name)}:${value}`;
  }
  return text;
}

/** JSON of anything: what JSON cannot say is shown as `console.log` would, so that a log line never fails. */
function toJson(value: unknown): string | undefined {
  try {
    return typeof value === "object" ? JSON.stringify(value, showErrors) : JSON.stringify(value);
  } catch {
    return JSON.stringify(shownAnyhow(value));
  }
}

/** An error is an empty object to JSON, wherever it stands. */
function showErrors(_name: string, value: unknown): unknown {
  return value instanceof Error ? errorFields(value, 0) : value;
}

function errorFields(error: Error & { code?: unknown; errors?: unknown }, depth: number): object {
  const { name, message, stack, code, cause, errors } = error;
  return {
    type: name,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    message,
    stack,
    ...(cause === undefined ? {} : { cause: behind(cause, depth + 1) }),
    // Of a connection that was tried at several addresses this is all that is said.
    ...(Array.isArray(errors)
      ? { errors: errors.slice(0, limits.loggedErrors).map((each) => behind(each, depth + 1)) }
      : {}),
  };
}

/** An error may be its own cause, by however many others. */
function behind(cause: unknown, depth: number): unknown {
  return cause instanceof Error && depth < limits.loggedCauses
    ? errorFields(cause, depth)
    : util.inspect(cause);
}

function shownAnyhow(value: unknown): string {
  try {
    return util.inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY });
  } catch (error) {
    return `not to be shown: ${messageOf(error)}`;
  }
}

let second = Number.NaN;
let beginningOfSecond = "";

/** RFC 3339 with milliseconds. Thousands of lines share a second, and the text of it. */
function isoTime(nowMs: number): string {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    beginningOfSecond = new Date(now * 1000).toISOString().slice(0, 20);
  }
  return `${beginningOfSecond}${String(Math.floor(nowMs) - now * 1000).padStart(3, "0")}Z`;
}

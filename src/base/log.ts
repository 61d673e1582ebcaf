/** The port for log lines. Components take a `Logger`; only `main` decides where lines go. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where finished lines go. */
export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void;

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A logger on a sink, silent below `level`. */
export function logger(sink: LogSink, level: LogLevel = "info", bound: LogFields = {}): Logger {
  const least = order.indexOf(level);
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    if (order.indexOf(own) >= least) sink(own, message, fields ? { ...bound, ...fields } : bound);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => logger(sink, level, { ...bound, ...fields }),
  };
}

/** Says nothing. */
export const silentLogger: Logger = logger(() => {}, "error");

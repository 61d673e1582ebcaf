import { type Clock, systemClock } from "#base";

/**
 * Time that several copies compare is the database's: it has one clock, and theirs are as many as there are machines, of
 * which one may be an hour wrong. A clock that somebody turns, in a test, is theirs to turn: then it is that one's.
 *
 * What a statement is given as the parameter of `timeOr`.
 */
export function timeBy(clock: Clock): Date | null {
  return clock === systemClock ? null : new Date(clock.now());
}

/** The time, in a statement: that of the parameter, `$2` for example, or that of the database when it began the statement. */
export function timeOr(parameter: string): string {
  return `coalesce(${parameter}::timestamptz, statement_timestamp())`;
}

/** So many milliseconds, in a statement. */
export function milliseconds(parameter: string): string {
  return `(${parameter}::float8 * interval '1 millisecond')`;
}

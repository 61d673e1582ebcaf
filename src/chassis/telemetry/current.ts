import { AsyncLocalStorage } from "node:async_hooks";
import type { Priority } from "./priority.ts";
import type { Span } from "./tracer.ts";

/** What is being done for whom: it follows every `await` of a request's handler, into logs, spans and calls to other services. */
export interface Current {
  /** Absent: it is part of no trace. */
  readonly span?: Span | undefined;
  /** When nobody waits for the answer any more, on the monotonic clock; undefined: nobody said. */
  readonly deadlineMs?: number;
  /** Aborted when the deadline has passed or the caller has gone. */
  readonly signal?: AbortSignal;
  /** How much it matters; it travels along to other services. */
  readonly priority?: Priority | undefined;
}

const storage = new AsyncLocalStorage<Current | undefined>();

export function current(): Current | undefined {
  return storage.getStore();
}

export function runAs<T>(what: Current, action: () => T): T {
  return storage.run(what, action);
}

/** For what a request sets off and everybody has from then on: it is not over with that request's deadline. */
export function runForNobody<T>(action: () => T): T {
  return storage.run(undefined, action);
}

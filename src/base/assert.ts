/** A broken invariant: our bug, never the user's input. Crashes the program that holds it. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** States what must hold. Input is validated with `ApiError` instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, asserted to be present: for what the code itself has just put there. */
export function must<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

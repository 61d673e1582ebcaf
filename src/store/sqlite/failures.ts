import { ApiError, messageOf, type Reason } from "#base";
import type { Failure } from "./messages.ts";

/** SQLite's primary result codes that mean something to people. https://sqlite.org/rescode.html */
const codes = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** The store on disk is not what we wrote. */
export class DamagedError extends Error {
  override readonly name = "DamagedError";
}

/** Says why a write to the store in `directory` failed. */
export function writeFailure(directory: string, error: unknown): Failure {
  if (primaryCode(error) === codes.full) {
    return failure(
      "ServiceUnavailable",
      `could not write to the store in ${directory}: disk full; free space on its file system and try again`,
      "retry",
    );
  }
  const next = isDamage(error)
    ? "it is damaged: stop Nacre and restore the directory from a backup"
    : "restart Nacre; if it happens again, look at the disk";
  return failure(
    "ServiceUnavailable",
    `could not write to the store in ${directory}: ${messageOf(error)}; ${next}`,
    "final",
  );
}

/** Says why the store in `directory` could not be opened. `owner` describes who holds it, if that is known. */
export function openFailure(directory: string, error: unknown, owner: string | undefined): Failure {
  const attempt = `could not open the store in ${directory}`;
  if (error instanceof ApiError) return failure(error.reason, `${attempt}: ${error.message}`, "final");
  if (isDamage(error)) {
    const next = "restore the directory from a backup, or move it away to start with an empty cluster";
    return failure("InternalError", `${attempt}: it is damaged (${messageOf(error)}); ${next}`, "final");
  }
  const why = {
    [codes.busy]: `it is in use by ${owner ?? "another process"}; stop that first, or use another directory`,
    [codes.full]: "disk full; free space on its file system and try again",
    [codes.readOnly]: "it is read-only; make it writable for this user and try again",
    [codes.cannotOpen]: "it cannot be opened; check that this user may read and write it",
  }[primaryCode(error) ?? -1];
  return failure("ServiceUnavailable", `${attempt}: ${why ?? messageOf(error)}`, "final");
}

/** Says why something could not be read. */
export function readFailure(directory: string, what: string, error: unknown): Failure {
  return failure(
    "InternalError",
    `could not read ${what} from the store in ${directory}: ${messageOf(error)}`,
    "retry",
  );
}

export function errorOf({ reason, message }: Failure): ApiError {
  return new ApiError(reason, message);
}

function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return error instanceof DamagedError || code === codes.corrupt || code === codes.notADatabase;
}

/** SQLite's extended codes carry the primary one in their low byte. */
function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

function failure(reason: Reason, message: string, kind: "retry" | "final"): Failure {
  return { reason, message, final: kind === "final" };
}

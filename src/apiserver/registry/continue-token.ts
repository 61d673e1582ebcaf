import { ApiError, badRequest } from "#base";
import type { Revision } from "#store";

/** Where the next page of a list begins. */
export interface Continuation {
  /** The revision of the first page: all pages show the same moment. */
  readonly revision: Revision;
  /** The last key that was given out, below the scope's prefix. */
  readonly after: string;
}

export function writeContinue({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: "nacre/v1", rv: revision, start: after })).toString("base64url");
}

/** Reads a token that `writeContinue` has made. Throws BadRequest for anything else. */
export function readContinue(token: string): Continuation {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (v === "nacre/v1" && Number.isSafeInteger(rv) && typeof start === "string") {
      return { revision: rv, after: start };
    }
  } catch {
    // Falls through: whatever is wrong with it, it is not ours.
  }
  throw badRequest("continue key is not valid: it must be the token that the previous page returned");
}

/** A 410 that lets the client go on from where it was, at another revision. */
export class ContinueExpired extends ApiError {
  readonly continueToken: string;

  constructor(message: string, continueToken: string) {
    super("Expired", message);
    this.continueToken = continueToken;
  }
}

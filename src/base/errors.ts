/** The closed set of reasons, with their HTTP codes: `metav1.StatusReason`. */
export const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Gone: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type Reason = keyof typeof statusCodes;

/** One thing that is wrong, in one field: `metav1.StatusCause`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** What the error is about and what to do next: `metav1.StatusDetails`. */
export interface ErrorDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/**
 * The one error vocabulary of Nacre. The message says what was attempted, on which object, and why it failed;
 * `cause` keeps what it was made from. Made by the functions below, asked about by `isNotFound(error)` and its like.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly reason: Reason;
  readonly code: number;
  readonly details: ErrorDetails | undefined;

  constructor(reason: Reason, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.code = statusCodes[reason];
    this.details = options.details;
  }
}

/** What an error is about: a resource (`pods`, `deployments.apps`) and an object's name. */
export interface Subject {
  /** Plural resource, as in the path: `deployments`. */
  readonly resource: string;
  readonly group?: string;
  readonly name?: string;
}

export function notFound(subject: Subject): ApiError {
  return about("NotFound", subject, `${qualified(subject)} not found`);
}

export function alreadyExists(subject: Subject): ApiError {
  return about("AlreadyExists", subject, `${qualified(subject)} already exists`);
}

export function conflict(subject: Subject, why: string, causes?: readonly StatusCause[]): ApiError {
  return about("Conflict", subject, `Operation cannot be fulfilled on ${qualified(subject)}: ${why}`, causes);
}

/** `causes` name fields; the message lists them as Kubernetes does. `kind` is the object's kind, e.g. `Pod`. */
export function invalid(subject: Subject & { kind: string }, causes: readonly StatusCause[]): ApiError {
  const lines = causes.map((cause) => (cause.field ? `${cause.field}: ${cause.message}` : cause.message));
  const list = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  const kind = subject.group ? `${subject.kind}.${subject.group}` : subject.kind;
  return new ApiError("Invalid", `${kind} "${subject.name ?? ""}" is invalid: ${list}`, {
    details: { ...named(subject), kind: subject.kind, causes },
  });
}

export function forbidden(subject: Subject, why: string): ApiError {
  return about("Forbidden", subject, `${qualified(subject)} is forbidden: ${why}`);
}

export function badRequest(message: string, cause?: unknown): ApiError {
  return new ApiError("BadRequest", message, { cause });
}

export function unauthorized(message = "Unauthorized"): ApiError {
  return new ApiError("Unauthorized", message);
}

export function expired(message: string): ApiError {
  return new ApiError("Expired", message);
}

export function tooManyRequests(message: string, retryAfterSeconds: number): ApiError {
  return new ApiError("TooManyRequests", message, { details: { retryAfterSeconds } });
}

export function internalError(message: string, cause?: unknown): ApiError {
  return new ApiError("InternalError", message, { cause });
}

export function unavailable(message: string, cause?: unknown): ApiError {
  return new ApiError("ServiceUnavailable", message, { cause });
}

export const isNotFound = asks("NotFound");
export const isAlreadyExists = asks("AlreadyExists");
export const isConflict = asks("Conflict");
export const isInvalid = asks("Invalid");
export const isForbidden = asks("Forbidden");

/** The watch window has moved on: list again. True for both `Expired` and `Gone`. */
export function isExpired(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 410;
}

/** The reason a signal was aborted with, or any `AbortError`: an end that was asked for, not a failure. */
export function isAborted(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "AbortError" || (error as { code?: unknown }).code === "ABORT_ERR")
  );
}

/** A one-line message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function asks(reason: Reason): (error: unknown) => error is ApiError {
  return (error): error is ApiError => error instanceof ApiError && error.reason === reason;
}

function about(reason: Reason, subject: Subject, message: string, causes?: readonly StatusCause[]): ApiError {
  return new ApiError(reason, message, {
    details: { ...named(subject), kind: subject.resource, ...(causes ? { causes } : {}) },
  });
}

function named(subject: Subject): ErrorDetails {
  return {
    ...(subject.name === undefined ? {} : { name: subject.name }),
    ...(subject.group ? { group: subject.group } : {}),
  };
}

function qualified(subject: Subject): string {
  const resource = subject.group ? `${subject.resource}.${subject.group}` : subject.resource;
  return subject.name === undefined ? resource : `${resource} "${subject.name}"`;
}

import { ApiError, type ErrorDetails, type Reason, statusCodes } from "#base";

/** `metav1.Status`, as far as a client reads it. */
export interface StatusBody {
  readonly kind?: string;
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: ErrorDetails;
}

/** The error that a server's Status says. `attempted` (`GET /api/v1/pods/web`) is the message where the server gave none. */
export function errorFromStatus(status: StatusBody, httpCode: number, attempted: string): ApiError {
  const message = status.message || `${attempted} failed: the server answered ${status.code ?? httpCode}`;
  const { details } = status;
  return new ApiError(reasonOf(status.reason, status.code ?? httpCode), message, details ? { details } : {});
}

/** The error of an answer whose body is no Status: from a proxy, or a path that is not the API's. */
export function errorFromText(text: string, httpCode: number, attempted: string): ApiError {
  const said = text.trim().slice(0, 300);
  return new ApiError(
    reasonOf(undefined, httpCode),
    `${attempted} failed: the server answered ${httpCode}${said ? `: ${said}` : ""}`,
  );
}

/** Thrown by transports when no answer came. `sent` is false when the server cannot have seen the request. */
export function connectionFailed(message: string, how: { sent: boolean; cause?: unknown }): ApiError {
  const causes = how.sent ? [] : [{ reason: notSent }];
  return new ApiError("ServiceUnavailable", message, { details: { causes }, cause: how.cause });
}

/** True when the request never reached a server, so that even a create may be sent again. */
export function wasNeverSent(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.details?.causes?.some((cause) => cause.reason === notSent) ?? false)
  );
}

/** True when something could not be made because its namespace is about to go, with all that is in it: nothing to complain about. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") ?? false)
  );
}

const notSent = "RequestNotSent";

/** Reasons that Nacre's closed set does not have fall back to the one of their code. */
function reasonOf(reason: string | undefined, code: number): Reason {
  if (reason !== undefined && Object.hasOwn(statusCodes, reason)) return reason as Reason;
  return reasonByCode[code] ?? (code >= 500 ? "InternalError" : "BadRequest");
}

const reasonByCode: Readonly<Record<number, Reason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  502: "ServiceUnavailable",
  503: "ServiceUnavailable",
  504: "Timeout",
};

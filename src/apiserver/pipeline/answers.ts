import type { KubernetesObject } from "#api";
import { ApiError, internalError, type Logger, messageOf } from "#base";
import { ContinueExpired } from "../registry/continue-token.ts";
import type { DocumentAnswer } from "./exchange.ts";

/** A JSON document. */
export function jsonAnswer(document: object, status = 200): DocumentAnswer {
  return bytesAnswer(Buffer.from(JSON.stringify(document)), status);
}

/** JSON that is encoded already. */
export function bytesAnswer(body: DocumentAnswer["body"], status = 200): DocumentAnswer {
  return { type: "document", status, headers: { "content-type": "application/json" }, body };
}

export function textAnswer(text: string, status = 200): DocumentAnswer {
  return {
    type: "document",
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body: Buffer.from(text),
  };
}

/** An error as the client is told: `metav1.Status`. Anything but an `ApiError` is our fault, and logged. */
export function errorAnswer(error: unknown, logger: Logger): DocumentAnswer {
  const known = error instanceof ApiError ? error : unexpected(error, logger);
  const answer = jsonAnswer(statusOf(known), known.code);
  const retryAfter = known.details?.retryAfterSeconds;
  if (retryAfter) answer.headers["retry-after"] = String(retryAfter);
  return answer;
}

/** `metav1.Status` of a failure. */
export function statusOf(error: ApiError): KubernetesObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: listMetadataOf(error),
    status: "Failure",
    message: error.message,
    reason: error.reason,
    ...(error.details ? { details: error.details } : {}),
    code: error.code,
  } as KubernetesObject;
}

function listMetadataOf(error: ApiError): object {
  return error instanceof ContinueExpired ? { continue: error.continueToken } : {};
}

function unexpected(error: unknown, logger: Logger): ApiError {
  logger.error("a request failed unexpectedly", {
    error: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  return internalError(`Internal error occurred: ${messageOf(error)}`, error);
}

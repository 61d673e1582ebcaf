import type { ServerHttp2Stream } from "node:http2";
import { ApiError, messageOf } from "#base";

/** `metav1.Status` as the API has it, as far as streams need it. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: object;
  readonly code?: number;
}

const base = { kind: "Status", apiVersion: "v1", metadata: {} } as const;

/** How a command ended, as kubectl reads it: the exit code is a cause. */
export function exitStatus(exitCode: number): Status {
  if (exitCode === 0) return { ...base, status: "Success" };
  return {
    ...base,
    status: "Failure",
    reason: "NonZeroExitCode",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
    code: 500,
  };
}

export function failureStatus(error: unknown): Status {
  const known = error instanceof ApiError ? error : undefined;
  return {
    ...base,
    status: "Failure",
    reason: known?.reason ?? "InternalError",
    message: messageOf(error),
    ...(known?.details ? { details: known.details } : {}),
    code: known?.code ?? 500,
  };
}

/** Answers a stream that has not begun with an error. */
export function respondFailure(stream: ServerHttp2Stream, error: unknown): void {
  if (stream.destroyed || stream.headersSent) {
    stream.destroy();
    return;
  }
  const status = failureStatus(error);
  stream.respond({ ":status": status.code ?? 500, "content-type": "application/json" });
  stream.end(JSON.stringify(status));
}

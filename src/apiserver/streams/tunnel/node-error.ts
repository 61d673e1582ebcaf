import type { Readable } from "node:stream";
import { ApiError, type ErrorDetails, type Reason, statusCodes, unavailable } from "#base";
import { maxErrorBytes } from "../limits.ts";

/** The error that a node answered with, as it said it: a `metav1.Status`, else whatever text came. */
export async function errorFrom(stream: Readable, status: number, node: string): Promise<ApiError> {
  const text = await readText(stream);
  const parsed = parseStatus(text);
  if (parsed) return parsed;
  const said = text.trim() || "nothing";
  return unavailable(`the agent of node ${node} answered ${status} and said: ${said}`);
}

interface Status {
  readonly kind?: unknown;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: ErrorDetails;
}

/** A Status as the error it stands for; undefined when the text is none. */
export function parseStatus(text: string): ApiError | undefined {
  let status: Status;
  try {
    status = JSON.parse(text) as Status;
  } catch {
    return undefined;
  }
  if (status?.kind !== "Status") return undefined;
  const reason = status.reason ?? "";
  const known = reason in statusCodes ? (reason as Reason) : reasonOf(status.code);
  return new ApiError(known, status.message ?? reason, status.details ? { details: status.details } : {});
}

function reasonOf(code: number | undefined): Reason {
  const found = Object.entries(statusCodes).find(([, each]) => each === code);
  return (found?.[0] as Reason | undefined) ?? "InternalError";
}

async function readText(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxErrorBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8", 0, maxErrorBytes);
}

import type { IncomingMessage } from "node:http";

/**
 * The address of who asks. Each proxy adds who has asked it to the end of `X-Forwarded-For`; what stands before what ours have added a stranger may have written.
 */
export function callerOf({ headers, socket }: IncomingMessage, trustedProxies: number): string {
  const direct = socket.remoteAddress ?? "";
  if (trustedProxies === 0) return direct;
  const forwarded = String(headers["x-forwarded-for"] ?? "");
  const said = forwarded.split(",").map((each) => each.trim());
  return said.at(-trustedProxies) || direct;
}

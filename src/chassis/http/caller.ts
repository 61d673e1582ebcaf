import type { IncomingMessage } from "node:http";
import { type AddressSet, plainAddress } from "../addresses.ts";
import { membersOf } from "./list-header.ts";

/**
 * The address of who asks: the last in the chain of `X-Forwarded-For` of whom no trusted proxy speaks. What stands before it a stranger may have written.
 */
export function callerOf({ headers, socket }: IncomingMessage, trusted: AddressSet): string {
  const chain = membersOf(String(headers["x-forwarded-for"] ?? ""));
  let caller = plainAddress(socket.remoteAddress ?? "unknown");
  while (trusted.has(caller)) {
    const before = chain.pop();
    if (!before) break;
    caller = plainAddress(before);
  }
  return caller;
}

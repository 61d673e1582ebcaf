import type { Host } from "#host";
import { limits } from "../limits.ts";

/** Applies a ruleset in one transaction: all of it, or none. */
export async function nft(host: Host, ruleset: string): Promise<void> {
  await host.run({
    program: "nft",
    arguments: ["-f", "-"],
    input: ruleset,
    timeoutMs: limits.commandTimeoutMs,
  });
}

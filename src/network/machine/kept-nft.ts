import type { Batch, Host } from "#host";
import { limits } from "../limits.ts";
import { nft } from "./nft.ts";

export interface KeptNft {
  /** Applies a ruleset of one statement a line in one transaction: all of it, or none. */
  apply(ruleset: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * An `nft` that is kept open for many small changes. One that ends after each waits, while the kernel closes its socket,
 * until what it deleted is out of use on every processor: 10 ms on a quiet machine, for a change that is long in force.
 * A large ruleset goes through `file` to an `nft` of its own, which gives back the memory that it took.
 */
export function openKeptNft(host: Host, file: string): KeptNft {
  let kept: Batch | undefined;
  let keptBytes = 0;
  const open = () =>
    host.openBatch({
      program: "nft",
      arguments: ["-i"],
      // Complaints are three lines: what is wrong, the line, and where in it.
      marker: (token) => `include "/nowhere/${token}"`,
      markerLines: 3,
      timeoutMs: limits.commandTimeoutMs,
    });
  return {
    async apply(ruleset) {
      if (ruleset.length > limits.keptRulesetBytes) return applyFile(host, file, ruleset);
      if (kept?.open && keptBytes > limits.keptHistoryBytes) {
        await kept.close();
        kept = undefined;
        keptBytes = 0;
      }
      kept ??= open();
      // Not every distribution's nft can be kept: one that has ended is not opened again.
      if (!kept.open) return nft(host, ruleset);
      keptBytes += ruleset.length;
      const answer = await kept.send([ruleset.trimEnd().replaceAll("\n", "; ")]);
      const complaint = answer.findIndex((line) => line.startsWith("Error:"));
      if (complaint < 0) return;
      const [what = "", statement = "", where = ""] = answer.slice(complaint);
      throw new Error(`cannot change the table: ${what} ${quoted(statement, where)}`);
    },
    async close() {
      await kept?.close();
    },
  };
}

async function applyFile(host: Host, file: string, ruleset: string): Promise<void> {
  await host.files.write(file, ruleset, { mode: 0o600, durable: false });
  await host.run({ program: "nft", arguments: ["-f", file], timeoutMs: limits.commandTimeoutMs });
}

/** The part of a line that nft's second line points at. */
function quoted(line: string, pointer: string): string {
  const start = pointer.search(/\S/);
  return start < 0 ? line : line.slice(start, pointer.trimEnd().length);
}

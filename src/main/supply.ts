import { ApiError } from "#base";
import { flag, type Invocation, progress } from "#cli";
import { installShortage, type Shortage } from "#cluster";
import type { Host } from "#host";
import { confirm } from "./confirm.ts";

/** Names what the machine lacks, then installs it: after a yes, or with `--yes`. */
export async function supply(invocation: Invocation, host: Host, shortage: Shortage): Promise<void> {
  if (shortage.missing.length === 0) return;
  const { output, clock } = invocation;
  const list = shortage.missing.map(({ program, for: purpose }) => `${program} (${purpose})`).join(", ");
  const command = shortage.install?.join(" ");
  output.note(`This machine lacks ${list}.\n`);
  if (shortage.install === undefined || command === undefined) {
    throw new ApiError(
      "ServiceUnavailable",
      "no package manager that Nacre knows is on this machine; install the programs above and try again",
    );
  }
  if (!flag(invocation, "yes") && !(await confirm(output, `Install with "${command}"?`))) {
    throw new ApiError(
      "ServiceUnavailable",
      `nothing was installed; run this yourself, then nacre up again: ${command}`,
    );
  }
  const install = shortage.install;
  await progress(output, clock).step(command, () => installShortage(host, install));
}

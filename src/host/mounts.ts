import { assert } from "#base";
import { isCommandError } from "./command-error.ts";
import type { Host, Mount, Mounts } from "./host.ts";
import { mountOptionBytes } from "./limits.ts";
import { mountsUnder } from "./mount-table.ts";

/**
 * Mounts by mount(8) and umount(8). Node has no mount(2); a run of the program is 4 ms, half of it the start of a
 * process. `directory` makes relative paths in the options short, for overlays with many layers.
 */
export function createMounts(run: Host["run"]): Mounts {
  return {
    async mount(mount) {
      const options = mount.options?.join(",") ?? "";
      assert(
        Buffer.byteLength(options) <= mountOptionBytes,
        `mount options for ${mount.target} are ${options.length} bytes long, mount(2) takes ${mountOptionBytes}`,
      );
      await run({
        program: "mount",
        arguments: mountArguments(mount),
        ...(mount.directory ? { directory: mount.directory } : {}),
      });
    },
    unmount: (path) => unmount(run, [path]),
    async unmountAll(prefix) {
      const points = await mountsUnder(prefix);
      if (points.length > 0) await unmount(run, points);
    },
    under: mountsUnder,
  };
}

/** Lazy, so that an open file does not stop it; a point that is not mounted (any more) is fine. */
async function unmount(run: Host["run"], points: readonly string[]): Promise<void> {
  try {
    await run({ program: "umount", arguments: ["--no-canonicalize", "--lazy", ...points] });
  } catch (error) {
    if (!isCommandError(error) || error.exitCode === undefined) throw error;
    const real = error.stderr.split("\n").filter((line) => line && !gone.test(line));
    if (real.length > 0) throw error;
  }
}

const gone = /not mounted|no mount point|not found|no such file/i;

/** Changes of propagation are a second step for mount(2); mount(8) takes them together (`bind,private`). */
function mountArguments(mount: Mount): string[] {
  const options = [...(mount.options ?? [])];
  if (mount.type === "bind") {
    const kind = options.includes("rbind") ? [] : ["bind"];
    return ["-o", [...kind, ...options].join(","), mount.source ?? mount.target, mount.target];
  }
  return [
    "-t",
    mount.type,
    ...(options.length > 0 ? ["-o", options.join(",")] : []),
    mount.source ?? mount.type,
    mount.target,
  ];
}

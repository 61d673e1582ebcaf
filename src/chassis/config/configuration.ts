import type { Logger } from "#base";
import { fs, util } from "../node-modules.ts";
import type { Mistake } from "./mistakes.ts";
import { readMount } from "./mounts.ts";
import { type Resolved, resolve } from "./resolve.ts";
import { Secret } from "./secret.ts";
import type { Settings, Values } from "./setting.ts";

/** A service's configuration while it runs. */
export interface Configuration<S extends Settings> {
  /** The values now: one frozen record, replaced as a whole when a mounted file changes. Read it where it is needed, do not keep it. */
  readonly current: Values<S>;
  /** Calls `listener` after each change; one that throws or rejects is logged. Returns how to stop that. */
  onChange(listener: (change: Change<S>) => void | Promise<void>): () => void;
  /** Where each value was found: `PORT in the environment`. */
  origins(): Readonly<Record<keyof S, string>>;
}

/** What a change of mounted files has changed. */
export interface Change<S extends Settings> {
  readonly before: Values<S>;
  readonly after: Values<S>;
  /** The settings whose values differ; never empty. */
  readonly changed: readonly (keyof S & string)[];
}

export interface ConfigurationOptions {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Directories with one file per setting; a later one wins. They must be there at the start. */
  readonly directories: readonly string[];
  readonly logger: Logger;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Absent: that of the file system. */
  readonly watch?: typeof fs.watch;
}

/**
 * Reads the configuration, and reads it anew whenever a mounted file changes: an argument or the environment goes on winning over a file.
 * Throws a `ConfigError` when it cannot be used; a change that cannot be used is logged with all its mistakes, and the values stay as they are.
 */
export function configure<S extends Settings>(settings: S, options: ConfigurationOptions): Configuration<S> {
  const listeners = new Set<(change: Change<S>) => void | Promise<void>>();
  const read = (): Resolved<S> => {
    const mistakes: Mistake[] = [];
    const mounts = options.directories.map((directory) => readMount(directory, mistakes));
    return resolve(settings, { ...options, mounts }, mistakes);
  };
  // The watch begins first: what changes while it is read is read again.
  let stale = false;
  for (const directory of options.directories) watchDirectory(directory, options, refreshSoon);
  let resolved = read();

  /** One swap of the kubelet is five events, and they arrive in one turn. */
  function refreshSoon(): void {
    if (stale) return;
    stale = true;
    setImmediate(() => {
      stale = false;
      if (!options.signal.aborted) refresh();
    });
  }

  function refresh(): void {
    const before = resolved;
    try {
      resolved = read();
    } catch (error) {
      options.logger.error("a change of mounted files is not used, the configuration stays as it is", {
        error,
      });
      return;
    }
    const changed = Object.keys(settings).filter(
      (name) => !isSame(before.values[name], resolved.values[name]),
    );
    if (changed.length === 0) return;
    options.logger.info("the configuration has changed", { changed });
    const change: Change<S> = { before: before.values, after: resolved.values, changed };
    for (const listener of listeners) {
      Promise.try(listener, change).catch((error) => {
        options.logger.error("a listener for changes of the configuration failed", { error });
      });
    }
  }

  return {
    get current() {
      return resolved.values;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    origins: () => resolved.origins,
  };
}

function watchDirectory(
  directory: string,
  { logger, signal, watch = fs.watch }: ConfigurationOptions,
  changed: () => void,
): void {
  const unwatched = (error: unknown) =>
    logger.error(
      "a mounted directory is not watched: its changes are seen when another one changes, or with the next start; see sysctl fs.inotify",
      { directory, error },
    );
  try {
    watch(directory, { persistent: false, signal }, changed).on("error", unwatched);
  } catch (error) {
    // Of one that is not there, reading it, next, says so.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") unwatched(error);
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Secret && other instanceof Secret) return one.equals(other);
  return util.isDeepStrictEqual(one, other);
}

import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Files } from "#simulator";

/** Files that remember which of them were read. */
export interface FilesBeside extends Files {
  /** Whole paths. */
  readonly wereRead: ReadonlySet<string>;
}

/** The files beside a scenario; paths in it start from its folder, names in mistakes from where the person stands. */
export function filesBeside(scenarioPath: string, workingDirectory: string): FilesBeside {
  const scenario = resolve(workingDirectory, scenarioPath);
  const wereRead = new Set([scenario]);
  return {
    wereRead,
    read(path) {
      const full = resolve(dirname(scenario), path);
      try {
        const text = readFileSync(full, "utf8");
        wereRead.add(full);
        return { name: relative(workingDirectory, full) || full, text };
      } catch {
        return undefined;
      }
    },
  };
}

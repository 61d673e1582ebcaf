import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Files } from "#simulator";

/** The files beside a scenario; paths in it start from its folder, names in mistakes from where the person stands. */
export function filesBeside(scenarioPath: string, workingDirectory: string): Files {
  const folder = dirname(resolve(workingDirectory, scenarioPath));
  return {
    read(path) {
      const full = resolve(folder, path);
      try {
        return { name: relative(workingDirectory, full) || full, text: readFileSync(full, "utf8") };
      } catch {
        return undefined;
      }
    },
  };
}

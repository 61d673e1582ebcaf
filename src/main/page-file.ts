import { closeSync, constants, openSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { messageOf } from "#base";
import { UsageError } from "#cli";

/** Asked before an hour is played for a page that cannot be written. Leaves everything as it was. */
export function checkPagePath(path: string): void {
  const found = entryAt(path);
  if (found?.isDirectory() || path.endsWith("/")) {
    throw new UsageError(
      `cannot write the page to ${path}: it is a folder; name a file in it: ${path.replace(/\/*$/, "/report.html")}`,
    );
  }
  try {
    // Rights say too little (of a file system that is read only, of a folder of the kernel's): it is tried. Pipes and devices are opened once only.
    if (found?.isFile()) closeSync(openSync(path, constants.O_WRONLY));
    if (found) return;
    closeSync(openSync(path, "wx"));
    rmSync(path);
  } catch (error) {
    throw new UsageError(`cannot write the page to ${path}: ${messageOf(error)}`);
  }
}

/** What a person wrote is worth more than any page: it is told apart by what it is, whatever it is called. */
export function refuseToOverwrite(path: string, wereRead: Iterable<string>): void {
  const page = entryAt(path);
  for (const one of wereRead) {
    const read = entryAt(one);
    if (!page?.isFile() || read?.ino !== page.ino || read.dev !== page.dev) continue;
    throw new UsageError(
      `cannot write the page to ${path}: the scenario is read from it, and would be overwritten; choose another file, such as report.html`,
    );
  }
}

export function writePage(path: string, page: string): void {
  try {
    writeFileSync(path, page);
  } catch (error) {
    throw new Error(`cannot write the page to ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function entryAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

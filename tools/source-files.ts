import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The repository's root, whatever directory a test is run from. */
export const root: string = join(import.meta.dirname, "..");

/** A file of ours, with its text. `path` is relative to the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every file below a folder whose name ends in one of `endings`, in stable order; generated and installed ones left out. */
export function sourceFiles(folder: string, ...endings: string[]): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!["node_modules", "generated", ".git"].includes(entry.name)) visit(path);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        files.push({ path: relative(root, path), text: readFileSync(path, "utf8") });
      }
    }
  };
  visit(join(root, folder));
  return files;
}

/** Source without comments and without what stands in strings: what a ban on a name should look at. */
export function codeOnly(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|[^:"'`])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

/** The 1-based number of the line on which `index` falls. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

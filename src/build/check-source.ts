import { posix } from "node:path";
import { badRequest } from "#base";
import type { Host } from "#host";
import type { LayerFile } from "./layer.ts";

/**
 * Follows a service from the file that Node starts through everything that it imports by path, as Node will: a mistake is
 * found here and not by a container that does not come up. Throws BadRequest with file, line and what to write instead.
 */
export async function checkSource(
  host: Host,
  service: { readonly directory: string; readonly entry: string; readonly files: readonly LayerFile[] },
): Promise<void> {
  const { directory, entry } = service;
  const known = new Set(service.files.map(({ path }) => path.slice("app/".length)));
  const seen = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !/\.[cm]?[jt]s$/.test(path)) continue;
    seen.add(path);
    const text = (await host.files.read(`${directory}/${path}`)) ?? "";
    const code = /ts$/.test(path) ? await strip(`${directory}/${path}`, text) : text;
    for (const imported of importedPaths(code)) {
      const target = posix.join(posix.dirname(path), imported);
      if (!known.has(target)) throw unknownImport(`${directory}/${path}`, imported, target, known);
      waiting.push(target);
    }
  }
}

/** The JavaScript that Node makes of the file. Loaded with the first: it is large, and only builds need it. */
async function strip(path: string, text: string): Promise<string> {
  const { stripTypeScriptTypes } = await import("node:module");
  try {
    return stripTypeScriptTypes(text);
  } catch (error) {
    const { message, stack = "" } = error as Error;
    const [, line = "1", source = ""] = /^[^\n]*:(\d+)\n([^\n]*)/.exec(stack) ?? [];
    const why = message.replace(" in strip-only mode", ": Node runs TypeScript by leaving out the types");
    throw badRequest(`cannot build: ${path}:${line}: ${why}\n    ${source.trim()}`, error);
  }
}

const statement =
  /^[ \t]*(?:import|export)\b[^;"'`]*?\bfrom\s*["'](\.[^"'\n]+)["']|^[ \t]*import\s*["'](\.[^"'\n]+)["']/gm;

/** Comments and templates, in which an import is only a text; and strings, because either may seem to begin in one. */
const aside = /\/\*[\s\S]*?\*\/|\/\/.*|`(?:\\[\s\S]|[^\\`])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;

/** What statements import by a relative path. Imports while it runs are left to Node. */
function importedPaths(code: string): string[] {
  const statements = code.replace(aside, (found) => (/^["']/.test(found) ? found : " "));
  return [...statements.matchAll(statement)].map(([, from, alone]) => from ?? alone ?? "");
}

function unknownImport(path: string, imported: string, target: string, known: ReadonlySet<string>): Error {
  const endings = [
    [/$/, ".ts"],
    [/\/?$/, "/index.ts"],
    [/\.js$/, ".ts"],
  ] as const;
  const meant = endings.find(([end, ending]) => end.test(target) && known.has(target.replace(end, ending)));
  const advice = meant
    ? `Node takes file names as they are: write "${imported.replace(meant[0], meant[1])}"`
    : "there is no such file in the folder, or it is left out";
  return badRequest(`cannot build: ${path} imports "${imported}": ${advice}`);
}

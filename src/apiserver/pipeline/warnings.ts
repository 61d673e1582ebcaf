import { maxWarningCharacters, maxWarningsCharacters } from "../limits.ts";

/**
 * The value of a `Warning` header (RFC 9111, section 5.5; code 299), as Kubernetes' clients read it: quoted, in UTF-8.
 * The texts quote what a client has sent, so they may hold anything and be of any length; too long ones are shortened,
 * too many left out.
 */
export function warningHeader(warnings: readonly string[]): string {
  const lines: string[] = [];
  let length = 0;
  const total = warnings.reduce((sum, text) => sum + text.length, 0);
  for (const text of warnings) {
    const shown = total > maxWarningsCharacters ? text.slice(0, maxWarningCharacters) : text;
    if (length + shown.length > maxWarningsCharacters) break;
    length += shown.length;
    lines.push(`299 - "${quotable(shown)}"`);
  }
  // Header values are octets: Node writes each character as one.
  return Buffer.from(lines.join(", "), "utf8").toString("latin1");
}

function quotable(text: string): string {
  return text.replace(controls, " ").replace(/["\\]/g, "\\$&");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what no header may hold is what is looked for
const controls = /[\u0000-\u001f\u007f]/g;

import type { Command } from "./command.ts";
import { type Output, paint } from "./output.ts";

/** The page for `nacre` alone. */
export function overview(commands: readonly Command[], output: Output): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map(
    (command) => `  ${paint(output, "cyan", command.name.padEnd(width))}   ${command.summary}`,
  );
  return `${paint(output, "bold", "nacre")}: a complete cloud in one install

Usage: nacre COMMAND [OPTIONS]

${lines.join("\n")}

More about one: nacre COMMAND --help
`;
}

/** The page for one command, with examples that can be typed as they are. */
export function commandHelp(command: Command, output: Output): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const short = option.short ? `-${option.short}, ` : "    ";
    const value = option.type === "string" ? ` ${option.choices?.join("|") ?? option.value ?? "VALUE"}` : "";
    return [`${short}--${name}${value}`, option.description] as const;
  });
  const width = Math.max(0, ...options.map(([left]) => left.length));
  const optionLines = options.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`);
  const examples = command.examples.map(
    ({ line, what }) => `  ${paint(output, "dim", `# ${what}`)}\n  ${line}`,
  );
  return [
    `${paint(output, "bold", `nacre ${command.name}`)}: ${command.summary}`,
    `Usage: nacre ${[command.name, command.usage, options.length > 0 ? "[OPTIONS]" : ""].filter(Boolean).join(" ")}`,
    ...(optionLines.length > 0 ? [`Options:\n${optionLines.join("\n")}`] : []),
    ...(examples.length > 0 ? [`Examples:\n${examples.join("\n\n")}`] : []),
  ]
    .join("\n\n")
    .concat("\n");
}

/** The candidate that differs least from what was typed, when it is near enough to be a slip. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(typed, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  // Two neighbours swapped, the most common slip, count as two changes.
  return best && best.distance <= Math.max(1, Math.floor(typed.length / 2)) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current[column] = Math.min(
        substitution,
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
      );
    }
    previous = current;
  }
  return previous[b.length] as number;
}

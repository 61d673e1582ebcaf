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

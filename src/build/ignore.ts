/** What never belongs into an image of a service: history, installed packages (a layer of their own), local secrets. */
const always = [
  ".git",
  "node_modules",
  ".env",
  ".env.*",
  ".dockerignore",
  ".DS_Store",
  "*.log",
  "npm-debug.log*",
];

/** Says of a path relative to the folder whether it stays out of the image. */
export type Ignore = (path: string) => boolean;

/**
 * The rules of a `.dockerignore`: one pattern a line, `#` comments, `*` and `?` within a name, `**` across folders, `!`
 * takes back; the last rule that matches decides. A matched folder takes everything below it along.
 */
export function ignoreFrom(text: string): Ignore {
  const rules = [...always.map((pattern) => `**/${pattern}`), ...text.split(/\r?\n/)]
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({
      keep: line.startsWith("!"),
      expression: expressionOf(line.replace(/^!/, "").replace(/^\/|\/$/g, "")),
    }));
  return (path) => {
    let ignored = false;
    for (const { keep, expression } of rules) if (expression.test(path)) ignored = !keep;
    return ignored;
  };
}

function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*\*\/|\*\*|\*|\?/g, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    return token === "*" ? "[^/]*" : "[^/]";
  });
  return new RegExp(`^${source}(?:/.*)?$`);
}

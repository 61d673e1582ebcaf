/**
 * Replaces `$(NAME)` by the variable's value; `$$` is a dollar sign, and a name that is not known stays as it was
 * written. The syntax of container `command`, `args` and `env`. Pure.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  if (!text.includes("$")) return text;
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, mark: string, name: string | undefined) => {
    if (mark === "$") return "$";
    return lookup(name ?? "") ?? whole;
  });
}

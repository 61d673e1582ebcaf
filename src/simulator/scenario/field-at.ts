/** What stands at a path such as `spec.template.spec`; undefined where the way there ends. Pure. */
export function fieldAt(object: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], object);
}

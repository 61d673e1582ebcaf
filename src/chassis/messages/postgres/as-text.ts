/** A name out of an event, for a column: there it may be any string, and PostgreSQL has no room for the character 0 in a text. */
export function asText(name: string): string {
  return name.replaceAll("\0", "");
}

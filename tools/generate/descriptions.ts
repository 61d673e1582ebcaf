/** What types and fields are for, in our own words: `src/api/definitions/descriptions/PACKAGE.json`. */
export interface Descriptions {
  type(owner: string, type: string): string | undefined;
  field(owner: string, type: string, field: string): string | undefined;
  /** Everything, by package and then by `Type` or `Type.field`. */
  readonly all: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

import fc from "fast-check";

/** Objects some of whose fields are absent, not undefined. The model names all fields that `T` demands. */
export function sparse<T extends object>(
  model: {
    readonly [K in keyof T]?: fc.Arbitrary<T[K] | undefined>;
  },
): fc.Arbitrary<T> {
  return fc
    .record(model as Record<string, fc.Arbitrary<unknown>>)
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T);
}

/** Absent `share` times of ten. */
export function absent<T>(share: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: share, arbitrary: fc.constant(undefined) }, { weight: 10 - share, arbitrary });
}

export function few<T>(most: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(arbitrary, { minLength: 1, maxLength: most });
}

/** Keys and values from a handful, so that they meet. */
export function labels(
  model: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<Record<string, string>> {
  return sparse<Record<string, string>>(
    Object.fromEntries(
      Object.entries(model).map(([key, values]) => [key, absent(3, fc.constantFrom(...values))]),
    ),
  );
}

/** One running copy of a service, as a registry knows it. */
export interface Instance {
  /** Stays the same while it runs; no two of a service share it. */
  readonly id: string;
  /** Where it answers, as a base URL: `http://10.42.0.7:8080`. */
  readonly url: string;
  /** Where it runs, for those who prefer what is near. */
  readonly zone?: string;
  /** What it can take, beside others. 1 when nothing is said; 0 gets nothing while others are there. */
  readonly weight?: number;
}

/** Whether two lists say the same: a registry that is asked again and again tells only what is new. */
export function sameInstances(one: readonly Instance[], other: readonly Instance[]): boolean {
  if (one.length !== other.length) return false;
  const known = new Map(one.map((each) => [each.id, each]));
  return other.every(({ id, url, zone, weight }) => {
    const before = known.get(id);
    return before?.url === url && before.zone === zone && before.weight === weight;
  });
}

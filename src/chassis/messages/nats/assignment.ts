/** Who reads a subscription, as one of its copies sees it. */
export interface View {
  readonly me: string;
  /** The copies that are alive, in an order that all of them see. */
  readonly copies: readonly string[];
  /** Who reads each partition. */
  readonly owners: readonly (string | undefined)[];
}

export interface Plan {
  readonly take: readonly number[];
  readonly release: readonly number[];
}

/** What a copy has to do so that each partition is read by one, and all read about as many. */
export function plan({ me, copies, owners }: View): Plan {
  const take: number[] = [];
  const release: number[] = [];
  for (const [partition, owner] of owners.entries()) {
    const due = copies[partition % copies.length];
    if (owner === me && due !== me) release.push(partition);
    // What a living copy reads it lets go of by itself, when it has finished what it has in hand.
    if (due === me && (owner === undefined || !copies.includes(owner))) take.push(partition);
  }
  return { take, release };
}

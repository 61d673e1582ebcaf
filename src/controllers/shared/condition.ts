/** What the conditions of all kinds have in common. */
export interface AnyCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The condition of a type. */
export function conditionOf<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with `next` in the place of the one of its type. One that says the same already (status, reason, message) stays as it
 * is; a transition is a change of status, and only that sets `lastTransitionTime` to `now`.
 */
export function withCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  next: C,
  now: string,
): C[] {
  const list = [...(conditions ?? [])];
  const at = list.findIndex((condition) => condition.type === next.type);
  const old = list[at];
  if (!old) return [...list, { ...next, lastTransitionTime: now }];
  if (old.status === next.status && old.reason === next.reason && old.message === next.message) return list;
  const since = old.status === next.status ? (old.lastTransitionTime ?? now) : now;
  list[at] = { ...next, lastTransitionTime: since };
  return list;
}

export function withoutCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

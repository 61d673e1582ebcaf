/** The more urgent before the less. */
export const priorities = ["critical", "normal", "background"] as const;

/** How much it matters that something is answered, now that not everything can be: what people wait for, the usual, what may come later. */
export type Priority = (typeof priorities)[number];

/** The header in which it travels: the urgency of RFC 9218, from 0 to 7, the lower the more urgent. */
export const priorityHeader = "priority";

export function formatPriority(priority: Priority): string {
  return `u=${urgencies[priority]}`;
}

/** What a caller says of its request; undefined when it says nothing that can be read. */
export function parsePriority(header: string | string[] | undefined): Priority | undefined {
  const digit = typeof header === "string" ? /(?:^|,)\s*u=([0-7])\s*(?:$|[,;])/.exec(header)?.[1] : undefined;
  if (digit === undefined) return undefined;
  const urgency = Number(digit);
  return urgency < 3 ? "critical" : urgency === 3 ? "normal" : "background";
}

/** 3 is what the standard takes for requests that say nothing. */
const urgencies: Readonly<Record<Priority, number>> = { critical: 1, normal: 3, background: 5 };

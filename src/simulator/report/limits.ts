/** Every limit of a report, and why it is what it is. */
export const limits = {
  /** Points of a curve: about as many as a screen shows apart. */
  spans: 360,
  /** What a terminal shows of a long list; JSON and the page have all. */
  rows: 12,
} as const;

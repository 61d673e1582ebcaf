/** What is sold. The price of an order is that of the moment in which it was placed. */
export const catalogue = {
  pear: { cents: 120, stock: 40_000 },
  quince: { cents: 310, stock: 30_000 },
  medlar: { cents: 450, stock: 500 },
} as const satisfies Readonly<Record<string, Article>>;

export type Item = keyof typeof catalogue;

export interface Article {
  readonly cents: number;
  /** How many there are when the shop opens. */
  readonly stock: number;
}

export const items = Object.keys(catalogue) as Item[];

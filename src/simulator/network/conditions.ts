import type { Range } from "../time/seeds.ts";

/** What the way between one part and the API server is like. Faults change it; it outlives the part that speaks. */
export interface Conditions {
  /** Nothing arrives, in either direction: it waits for the way to be there again, as TCP sends again. */
  isCut: boolean;
  /** One way, in milliseconds. */
  latencyMs: Range;
  /** Of requests: how many end with a reset connection, before or after the server has seen them. */
  lossRate: number;
  /** Of requests: how many arrive twice. Of watch events: how many are told twice. */
  duplicateRate: number;
}

/** A quiet network in one building. */
export const goodConditions: Readonly<Conditions> = {
  isCut: false,
  latencyMs: [0.1, 1],
  lossRate: 0,
  duplicateRate: 0,
};

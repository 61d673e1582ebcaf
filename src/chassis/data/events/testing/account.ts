import { badRequest } from "#base";
import type { Decide } from "../aggregates.ts";
import type { AggregateDefinition } from "../definition.ts";

export interface AccountEvents {
  readonly "money.paid-in": { readonly cents: number };
  readonly "money.taken-out": { readonly cents: number };
}

export interface Account {
  readonly cents: number;
}

/** An account: it never has less than nothing. */
export const account: AggregateDefinition<Account, AccountEvents> = {
  name: "account",
  initial: { cents: 0 },
  evolve: {
    "money.paid-in": ({ cents }, paid) => ({ cents: cents + paid.cents }),
    "money.taken-out": ({ cents }, taken) => ({ cents: cents - taken.cents }),
  },
};

export const payIn =
  (cents: number): Decide<Account, AccountEvents> =>
  () => [{ type: "money.paid-in", data: { cents } }];

export const takeOut =
  (cents: number): Decide<Account, AccountEvents> =>
  (state) => {
    if (state.cents < cents) throw badRequest(`cannot take out ${cents}: there is ${state.cents}`);
    return [{ type: "money.taken-out", data: { cents } }];
  };

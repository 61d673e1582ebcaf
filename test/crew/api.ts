import { get, post, t } from "@nacre/chassis";

/** Those of whom there are several: they say who they are, and fall ill when asked to. */
export const member = {
  who: get("/who", { answers: { 200: t.object({ name: t.string() }) } }),
  fallIll: post("/fall-ill", { answers: { 204: null } }),
};

const account = t.object({
  /** Where the instances are that a registry knows: addresses, or names in DNS. */
  known: t.array(t.string()),
  /** Who gave the last answers, each once. */
  answering: t.array(t.string()),
  answered: t.integer(),
  failures: t.array(t.string()),
});

/** The one that calls them all the time, by every kind of registry, and accounts for it. */
export const caller = {
  account: get("/account", { answers: { 200: t.object({ kubernetes: account, dns: account }) } }),
};

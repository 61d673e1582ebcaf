import { AddressSet } from "../addresses.ts";

/** The proxies that a live setting names, as a set: made when it is asked for, and anew when the setting has changed. */
export function trustedProxies(named: () => readonly string[] | undefined): () => AddressSet {
  let known: readonly string[] | undefined;
  let set: AddressSet | undefined;
  return () => {
    const now = named();
    if (!set || now !== known) {
      known = now;
      set = new AddressSet(now ?? []);
    }
    return set;
  };
}

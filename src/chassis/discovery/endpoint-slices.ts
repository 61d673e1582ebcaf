import type { Instance } from "./instance.ts";

/** What is read of a `discovery.k8s.io/v1` EndpointSlice. */
export interface EndpointSlice {
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: { readonly ready?: boolean | undefined };
        readonly zone?: string | undefined;
      }[]
    | null;
  readonly ports?:
    | readonly { readonly name?: string | undefined; readonly port?: number | undefined }[]
    | null;
}

export interface WantedPort {
  /** The port's name in the Service. One without that name is taken when it is the only one. */
  readonly port: string;
  readonly scheme: "http" | "https";
}

/** The ready endpoints of a service's slices. One may stand in two slices while it moves from the one to the other; it is one instance. */
export function instancesOf(slices: readonly EndpointSlice[], { port, scheme }: WantedPort): Instance[] {
  const instances = new Map<string, Instance>();
  for (const { endpoints, ports } of slices) {
    const number = (ports?.find(({ name }) => name === port) ?? (ports?.length === 1 ? ports[0] : undefined))
      ?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, zone } of endpoints ?? []) {
      const [address] = addresses;
      // Kubernetes: what is not said about being ready is to be read as yes.
      if (address === undefined || conditions?.ready === false) continue;
      const id = `${address.includes(":") ? `[${address}]` : address}:${number}`;
      instances.set(id, { id, url: `${scheme}://${id}`, ...(zone ? { zone } : {}) });
    }
  }
  return [...instances.values()];
}

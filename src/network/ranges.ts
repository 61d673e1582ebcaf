import { assert, badRequest } from "#base";

/** An IPv4 range: first address and how many addresses, as numbers. */
export interface Range {
  readonly first: number;
  readonly size: number;
}

/** `10.244.0.0/24` → its range. Throws BadRequest on anything else. */
export function parseRange(text: string): Range {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const bits = Number(match?.[2]);
  const address = match ? parseAddress(match[1] as string) : undefined;
  if (address === undefined || bits > 32) {
    throw badRequest(`cannot read "${text}" as an IPv4 range; write it like 10.244.0.0/16`);
  }
  const size = 2 ** (32 - bits);
  return { first: address - (address % size), size };
}

/** `10.0.0.1` → 167772161; undefined when it is not an IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** Whether an address is in a range; what is no IPv4 address is in none. */
export function contains({ first, size }: Range, address: string): boolean {
  const number = parseAddress(address);
  return number !== undefined && number >= first && number < first + size;
}

export function formatAddress(address: number): string {
  assert(address >= 0 && address < 2 ** 32, `no IPv4 address: ${address}`);
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join(".");
}

/** The address `offset` places after the start of a range: 1 is the gateway. */
export function addressIn(range: string, offset: number): string {
  return formatAddress(parseRange(range).first + offset);
}

/** The first address of the node's range: the pods' gateway, and where the API server and DNS answer pods. */
export function gatewayAddress(config: { readonly nodePodRange: string }): string {
  return addressIn(config.nodePodRange, 1);
}

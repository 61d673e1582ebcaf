import { isIPv4 } from "node:net";
import { badRequest } from "#base";

/** A range of IPv4 addresses as numbers; network and broadcast address are not handed out. */
export interface AddressRange {
  readonly text: string;
  readonly first: number;
  readonly size: number;
}

/** `10.96.0.0/16`. Throws when it is not an IPv4 range with room for services. */
export function parseRange(text: string): AddressRange {
  const [address = "", length = ""] = text.split("/");
  const bits = Number(length);
  if (!isIPv4(address) || !/^\d+$/.test(length) || bits < 8 || bits > 28) {
    throw badRequest(`${text} is no range for service addresses: say an IPv4 range such as 10.96.0.0/16`);
  }
  const total = 2 ** (32 - bits);
  const network = Math.floor(toNumber(address) / total) * total;
  return { text, first: network + 1, size: total - 2 };
}

export function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

export function contains(range: AddressRange, address: string): boolean {
  const offset = isIPv4(address) ? toNumber(address) - range.first : -1;
  return offset >= 0 && offset < range.size;
}

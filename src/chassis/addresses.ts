import { net } from "./node-modules.ts";

/** Addresses and ranges of them: `10.0.0.0/8`, `::1`. */
export class AddressSet {
  readonly #list = new net.BlockList();

  /** Throws when one of them is neither. */
  constructor(members: readonly string[]) {
    for (const member of members) {
      const range = rangeOf(member);
      if (!range)
        throw new Error(`${JSON.stringify(member)} is neither an address nor a range such as 10.0.0.0/8`);
      this.#list.addSubnet(range.address, range.bits, range.family);
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const family = net.isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? "ipv4" : "ipv6");
  }
}

export function isAddressOrRange(text: string): boolean {
  return rangeOf(text) !== undefined;
}

interface AddressRange {
  readonly address: string;
  /** How many of its first bits count. */
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function rangeOf(text: string): AddressRange | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const version = net.isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || more.length > 0) return undefined;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)) return undefined;
  return { address, bits: Number(bits ?? most), family: version === 4 ? "ipv4" : "ipv6" };
}

/** An address as people write it: a socket for both families has `::ffff:10.0.0.1` for `10.0.0.1`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/**
 * Whoever an address stands for: itself, or with IPv6 the first four of its eight groups. One subscriber is given a whole such network (RFC 6177), and
 * could take another of its addresses for every request.
 */
export function subscriberOf(address: string): string {
  const plain = plainAddress(address);
  if (net.isIP(plain) !== 6) return plain;
  // A URL has each address in one form only: groups without leading zeros, the longest run of empty ones left out.
  const [front = "", back] = new URL(`http://[${plain.replace(/%.*/, "")}]`).hostname
    .slice(1, -1)
    .split("::");
  const groups = front === "" ? [] : front.split(":");
  const missing = back === undefined ? 0 : 8 - groups.length - (back === "" ? 0 : back.split(":").length);
  const whole = [...groups, ...Array<string>(missing).fill("0"), ...(back ? back.split(":") : [])];
  return `${whole.slice(0, 4).join(":")}::/64`;
}

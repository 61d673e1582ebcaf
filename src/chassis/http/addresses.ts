import { net } from "../node-modules.ts";

/** Addresses and ranges of them: `10.0.0.0/8`, `::1`. */
export class AddressSet {
  readonly #list = new net.BlockList();

  /** Throws when one of them is neither. */
  constructor(members: readonly string[]) {
    for (const member of members) {
      const [address = "", bits] = member.split("/");
      const family = net.isIP(address);
      const most = family === 4 ? 32 : 128;
      if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)))
        throw new Error(`${JSON.stringify(member)} is neither an address nor a range such as 10.0.0.0/8`);
      this.#list.addSubnet(address, Number(bits ?? most), family === 4 ? "ipv4" : "ipv6");
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const family = net.isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? "ipv4" : "ipv6");
  }
}

/** An address as people write it: a socket for both families has `::ffff:10.0.0.1` for `10.0.0.1`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

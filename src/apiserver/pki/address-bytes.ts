/** The 4 or 16 bytes of a valid IP address in text form. */
export function addressBytes(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split(".").map(Number));
  const [head = "", tail] = withoutEmbeddedIpv4(address).split("::");
  const front = groups(head);
  const back = groups(tail ?? "");
  const zeros = new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  const words = tail === undefined ? front : [...front, ...zeros, ...back];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function groups(part: string): number[] {
  return part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
}

/** `::ffff:10.0.0.1` → `::ffff:a00:1`. */
function withoutEmbeddedIpv4(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const word = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${word(a, b)}:${word(c, d)}`;
  });
}

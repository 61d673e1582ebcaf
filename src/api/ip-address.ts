/** Whether `text` is an IPv4 address in its one canonical form: no leading zeros. */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Whether `text` is an IPv6 address (RFC 4291), without a zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    const last = parts.at(-1) ?? "";
    const endsInIpv4 = last.includes(".");
    if (endsInIpv4 && (index !== halves.length - 1 || !isIpv4(last))) return false;
    const plain = endsInIpv4 ? parts.slice(0, -1) : parts;
    if (!plain.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return false;
    groups += plain.length + (endsInIpv4 ? 2 : 0);
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** Whether `text` is an address range: `10.0.0.0/8`. */
export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return (isIpv4(address) && Number(bits) <= 32) || (isIpv6(address) && Number(bits) <= 128);
}

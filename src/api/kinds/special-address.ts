import { isIpv6 } from "../ip-address.ts";

/**
 * Why no service may lead to an address, or answer on it, that is valid otherwise; undefined when one may. It would get what
 * programs of a machine say to one another, or reach what listens there for nobody else.
 */
export function whySpecial(address: string): string | undefined {
  const ranges = isIpv6(address) ? ipv6Ranges : ipv4Ranges;
  return ranges.find(({ pattern }) => pattern.test(address))?.why;
}

const unspecified = "may not be unspecified (0.0.0.0 or ::)";
const loopback = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
const linkLocal = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
const multicast = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";

const ipv4Ranges = [
  { pattern: /^0\.0\.0\.0$/, why: unspecified },
  { pattern: /^127\./, why: loopback },
  { pattern: /^169\.254\./, why: linkLocal },
  { pattern: /^224\.0\.0\./, why: multicast },
] as const;

/** However zeros are written. */
const ipv6Ranges = [
  { pattern: /^[0:]+$/, why: unspecified },
  { pattern: /^[0:]+:0*1$/, why: loopback },
  { pattern: /^fe[89ab].:/i, why: linkLocal },
  { pattern: /^ff02:/i, why: multicast },
] as const;

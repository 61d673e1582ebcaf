import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import { followAlias } from "./follow-alias.ts";
import type { Upstream } from "./upstream.ts";
import type { Zone } from "./zone.ts";

const codes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3 } as const;

/** Turns a question's bytes into an answer's. Undefined for what is not a question at all. */
export type Responder = (query: Uint8Array, over: "udp" | "tcp") => Promise<Uint8Array | undefined>;

/** Answers from the zone, and asks upstream about everything else. Never throws. */
export function createResponder(zone: Zone, upstream: Upstream): Responder {
  return async (bytes, over) => {
    const query = decoded(bytes);
    if (query?.type !== "query") return undefined;
    const [question] = query.questions ?? [];
    if (!question) return reply(query, { code: "FORMERR" });
    const found = zone.answer(question.name, question.type);
    if (!found) return (await upstream(bytes, over)) ?? reply(query, { code: "SERVFAIL" });
    try {
      const wanted = { type: question.type, id: query.id ?? 0 };
      const own = await followAlias(found, wanted, { zone, upstream });
      const whole = reply(query, { code: own.code, own });
      if (over === "tcp" || whole.length <= largestUdp(query)) return whole;
      return reply(query, { code: own.code, truncated: true });
    } catch {
      // An alias can lead to anybody, and so to an answer that is none, or that cannot be said in turn.
      return reply(query, { code: "SERVFAIL" });
    }
  };
}

function reply(
  query: Packet,
  with_: { code: keyof typeof codes; own?: NonNullable<ReturnType<Zone["answer"]>>; truncated?: true },
): Uint8Array {
  const asked = query.flags ?? 0;
  return encode({
    type: "response",
    id: query.id ?? 0,
    flags:
      codes[with_.code] |
      (asked & RECURSION_DESIRED) |
      RECURSION_AVAILABLE |
      (with_.code === "SERVFAIL" ? 0 : AUTHORITATIVE_ANSWER) |
      (with_.truncated ? TRUNCATED_RESPONSE : 0),
    questions: query.questions ?? [],
    answers: [...(with_.own?.answers ?? [])],
    authorities: [...(with_.own?.authorities ?? [])],
  });
}

/** What the asker's buffer holds: 512 bytes, or what EDNS (RFC 6891) says. */
function largestUdp(query: Packet): number {
  const option = query.additionals?.find((record) => record.type === "OPT") as
    | { udpPayloadSize?: number }
    | undefined;
  return Math.max(512, option?.udpPayloadSize ?? 512);
}

function decoded(bytes: Uint8Array): Packet | undefined {
  try {
    return decode(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

import { type Answer, decode, encode, RECURSION_DESIRED, type RecordType } from "dns-packet";
import { limits } from "../limits.ts";
import type { Upstream } from "./upstream.ts";
import type { Zone, ZoneAnswer } from "./zone.ts";

/** What a client wants to know of a name. */
export interface Wanted {
  readonly type: RecordType;
  /** The number that the client gave its query: nobody else can guess it, so upstream is asked under it too. */
  readonly id: number;
}

/**
 * An answer with what its alias stands for: the C libraries in pods ask once and do not look up the target themselves.
 * Whoever is asked for an alias answers with the whole chain, and with the code of its last name (RFC 1034, RFC 6604).
 * Throws when upstream answers something that is not DNS.
 */
export async function followAlias(
  own: ZoneAnswer,
  wanted: Wanted,
  { zone, upstream }: { readonly zone: Zone; readonly upstream: Upstream },
): Promise<ZoneAnswer> {
  const chain: Answer[] = [];
  let last = own;
  for (let steps = 0; steps < limits.dnsAliases; steps++) {
    const [alias] = last.answers;
    if (alias?.type !== "CNAME" || wanted.type === "CNAME") break;
    chain.push(alias);
    const next = zone.answer(alias.data, wanted.type);
    last = next ?? (await ask(upstream, alias.data, wanted));
    // Upstream owes the whole of its own chain.
    if (!next) break;
  }
  return { ...last, answers: [...chain, ...last.answers] };
}

/** What nobody answers leaves the alias alone: better than nothing at all. */
async function ask(upstream: Upstream, name: string, { type, id }: Wanted): Promise<ZoneAnswer> {
  const query = encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ name, type }] });
  const asked = async (over: "udp" | "tcp") => {
    const answer = await upstream(query, over);
    return answer && (decode(Buffer.from(answer)) as Decoded);
  };
  const short = await asked("udp");
  const answer = short?.flag_tc ? ((await asked("tcp")) ?? short) : short;
  const code = answer?.rcode === "NXDOMAIN" ? "NXDOMAIN" : "NOERROR";
  return { code, answers: answer?.answers ?? [], authorities: answer?.authorities ?? [] };
}

/** What the package decodes beyond what its types say. */
type Decoded = ReturnType<typeof decode> & { readonly rcode?: string; readonly flag_tc?: boolean };

import { readFile } from "node:fs/promises";

/** What a machine says about names that are not whole: resolv.conf(5). */
export interface SearchDomains {
  readonly domains: readonly string[];
  /** A name with so many dots is asked for as it stands before it is searched for. */
  readonly ndots: number;
}

/** Node asks for SRV records of whole names only; what a name stands for on this machine has to be found by its search domains. */
export async function searchDomains(path = "/etc/resolv.conf"): Promise<SearchDomains> {
  return parseSearchDomains(await readFile(path, "utf8").catch(() => ""));
}

/** Of several lines the last one counts. */
export function parseSearchDomains(text: string): SearchDomains {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "search" || keyword === "domain") domains = words.map((word) => word.replace(/\.$/, ""));
    const dots = keyword === "options" ? words.map((word) => /^ndots:(\d+)$/.exec(word)?.[1]) : [];
    ndots = Number(dots.findLast((found) => found !== undefined) ?? ndots);
  }
  return { domains: domains.filter((domain) => domain !== ""), ndots };
}

/** The whole names that a name may stand for, in the order in which they are asked for. One that ends with a dot is whole. */
export function wholeNames(name: string, { domains, ndots }: SearchDomains): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const searched = domains.map((domain) => `${name}.${domain}`);
  return name.split(".").length > ndots ? [name, ...searched] : [...searched, name];
}

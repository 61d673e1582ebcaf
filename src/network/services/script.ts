import { limits } from "../limits.ts";

/** Collects what changes in the kernel's table and writes it in an order that `nft` takes as one transaction. */
export class Script {
  readonly #table: string;
  readonly #head: string[] = [];
  /** Chains to make and to delete; one that is given back and taken again in one script stays as it is. */
  readonly #newChains = new Map<string, readonly string[]>();
  readonly #oldChains = new Set<string>();
  readonly #deletions = new Map<string, string[]>();
  readonly #additions = new Map<string, string[]>();

  constructor(table: string) {
    this.#table = table;
  }

  /** A statement that goes before all others. */
  head(statement: string): void {
    this.#head.push(statement);
  }

  /** A chain's name stands for its rules: the same name is the same chain. */
  addChain(chain: string, rules: readonly string[]): void {
    if (!this.#oldChains.delete(chain)) this.#newChains.set(chain, rules);
  }

  deleteChain(chain: string): void {
    if (!this.#newChains.delete(chain)) this.#oldChains.add(chain);
  }

  /** What a map says to a key; undefined: nothing. What a script adds it does not take back. */
  element(map: string, key: string, before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    if (before !== undefined) collect(this.#deletions, map, key);
    if (after !== undefined) collect(this.#additions, map, `${key} : ${after}`);
  }

  /** One statement a line; empty when nothing changes. */
  toString(): string {
    const lines = [
      ...this.#head,
      ...this.#elements("delete", this.#deletions),
      ...Array.from(this.#oldChains, (chain) => `delete chain ip ${this.#table} ${chain}`),
      ...Array.from(this.#newChains, ([chain, rules]) => this.#newChain(chain, rules)),
      ...this.#elements("add", this.#additions),
    ];
    return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  }

  #newChain(chain: string, rules: readonly string[]): string {
    const name = `ip ${this.#table} ${chain}`;
    return [`add chain ${name}`, ...rules.map((rule) => `add rule ${name} ${rule}`)].join("\n");
  }

  *#elements(verb: "add" | "delete", byMap: ReadonlyMap<string, readonly string[]>): Generator<string> {
    for (const [map, all] of byMap) {
      for (let start = 0; start < all.length; start += limits.elementsPerStatement) {
        const some = all.slice(start, start + limits.elementsPerStatement);
        yield `${verb} element ip ${this.#table} ${map} { ${some.join(", ")} }`;
      }
    }
  }
}

function collect(into: Map<string, string[]>, map: string, element: string): void {
  const elements = into.get(map);
  if (elements) elements.push(element);
  else into.set(map, [element]);
}

import type { PolicyRule } from "#api";
import type { RequestAttributes } from "../../ports.ts";

/** The rules of one role, arranged so that a question takes a few look-ups, however many rules there are. */
export class CompiledRole {
  readonly rules: readonly PolicyRule[];
  /** `group|resource` or `group|resource/subresource`, either part possibly `*` → what may be done there. */
  readonly #resources = new Map<string, VerbTable>();
  readonly #exactPaths = new Map<string, VerbTable>();
  readonly #pathPrefixes: { prefix: string; verbs: VerbTable }[] = [];
  #anyGroup = false;
  #anyResource = false;

  constructor(rules: readonly PolicyRule[]) {
    this.rules = rules;
    for (const rule of rules) this.#add(rule);
  }

  allows(request: RequestAttributes): boolean {
    const { resource } = request;
    if (!resource) return this.#allowsPath(request.path, request.verb);
    if (this.#allowsResource(resource.group, request, resource.resource)) return true;
    return this.#anyGroup && this.#allowsResource("*", request, resource.resource);
  }

  #allowsResource(group: string, request: RequestAttributes, resource: string): boolean {
    const { subresource } = request;
    const key = subresource ? `${group}|${resource}/${subresource}` : `${group}|${resource}`;
    if (permits(this.#resources.get(key), request)) return true;
    if (!this.#anyResource) return false;
    if (permits(this.#resources.get(`${group}|*`), request)) return true;
    return subresource !== undefined && permits(this.#resources.get(`${group}|*/${subresource}`), request);
  }

  #allowsPath(path: string, verb: string): boolean {
    if (permitsVerb(this.#exactPaths.get(path), verb)) return true;
    return this.#pathPrefixes.some(
      (entry) => path.startsWith(entry.prefix) && permitsVerb(entry.verbs, verb),
    );
  }

  #add(rule: PolicyRule): void {
    const verbs = rule.verbs ?? [];
    for (const group of rule.apiGroups ?? []) {
      if (group === "*") this.#anyGroup = true;
      for (const resource of rule.resources ?? []) {
        if (resource.startsWith("*")) this.#anyResource = true;
        addVerbs(tableAt(this.#resources, `${group}|${resource}`), verbs, rule.resourceNames);
      }
    }
    for (const url of rule.nonResourceURLs ?? []) {
      if (!url.endsWith("*")) addVerbs(tableAt(this.#exactPaths, url), verbs, undefined);
      else {
        const table: VerbTable = new Map();
        addVerbs(table, verbs, undefined);
        this.#pathPrefixes.push({ prefix: url.slice(0, -1), verbs: table });
      }
    }
  }
}

/** Verb → the names it is allowed on; `undefined` as the value: on all. */
type VerbTable = Map<string, Set<string> | undefined>;

function permits(table: VerbTable | undefined, request: RequestAttributes): boolean {
  if (!table) return false;
  return permitsName(table, request.verb, request.name) || permitsName(table, "*", request.name);
}

function permitsName(table: VerbTable, verb: string, name: string | undefined): boolean {
  const names = table.get(verb);
  return names ? name !== undefined && names.has(name) : table.has(verb);
}

function permitsVerb(table: VerbTable | undefined, verb: string): boolean {
  return table !== undefined && (table.has(verb) || table.has("*"));
}

function addVerbs(table: VerbTable, verbs: readonly string[], names: readonly string[] | undefined): void {
  for (const verb of verbs) {
    if (!names?.length) table.set(verb, undefined);
    else if (!table.has(verb)) table.set(verb, new Set(names));
    else for (const name of names) table.get(verb)?.add(name);
  }
}

function tableAt(tables: Map<string, VerbTable>, key: string): VerbTable {
  const present = tables.get(key);
  if (present) return present;
  const made: VerbTable = new Map();
  tables.set(key, made);
  return made;
}

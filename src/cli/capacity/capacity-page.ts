import { type Output, paint, table } from "../output.ts";
import { amountText, percentText } from "./amount.ts";
import { burstingTable } from "./bursting-table.ts";
import type { Capacity, NodeCapacity, Share } from "./capacity.ts";

/** What a person sees: a table per resource, or, where that is too wide, a block per node; then who uses more than it was promised. */
export function capacityPage(output: Output, capacity: Capacity): string {
  const tables = resourceTables(capacity);
  const { columns = Number.POSITIVE_INFINITY } = output;
  const isTooWide = tables.some((text) => widthOf(text) > columns);
  const sections = [
    ...(isTooWide ? nodeBlocks(capacity) : tables).map((text) => emphasized(output, text)),
    ...(["memory", "cpu"] as const).map((resource) =>
      burstingTable(capacity.bursting, resource, { columns }),
    ),
    notes(capacity).join("\n"),
  ];
  return `${sections
    .filter((text) => text !== "")
    .map((text) => text.trimEnd())
    .join("\n\n")}\n`;
}

const fields = ["ALLOCATABLE", "REQUESTED", "LIMITS", "USED", "OVERPROVISIONED", "OVERCOMMITTED"] as const;

function resourceTables(capacity: Capacity): string[] {
  return shownResources(capacity).map((resource) => {
    const rows = rowsOf(capacity).map(({ name, resources }) => [
      name,
      ...cells(resource, resources[resource]),
    ]);
    // Places for pods are given or not: there is nothing more to say of them.
    const width = resource === "pods" ? 3 : 1 + fields.length;
    return table(
      [resource.toUpperCase(), ...fields].slice(0, width),
      rows.map((row) => row.slice(0, width)),
    );
  });
}

/** One column per resource instead of one per field: narrow however long the names of nodes are. */
function nodeBlocks(capacity: Capacity): string[] {
  const resources = shownResources(capacity);
  return rowsOf(capacity).map((row) => {
    const columns = resources.map((resource) => cells(resource, row.resources[resource]));
    const rows = fields.map((field, at) => [
      field.toLowerCase(),
      ...columns.map((column) => column[at] ?? ""),
    ]);
    return table([row.name, ...resources.map((resource) => resource.toUpperCase())], rows);
  });
}

interface Row {
  readonly name: string;
  readonly resources: Readonly<Record<string, Share>>;
}

/** Of a single node the total would say the same again. */
function rowsOf({ nodes, total }: Capacity): readonly Row[] {
  return nodes.length === 1 ? nodes : [...nodes, { name: totalName, resources: total }];
}

const totalName = "TOTAL";

/** The resources that everybody shares, and others as soon as somebody asks for them. */
function shownResources({ total }: Capacity): string[] {
  const always = ["cpu", "memory", "pods"];
  const asked = Object.entries(total)
    .filter(([name, { requested, limits }]) => !always.includes(name) && requested + limits > 0)
    .map(([name]) => name)
    .sort();
  return [...always, ...asked];
}

function cells(resource: string, share: Share | undefined): string[] {
  if (!share) return fields.map(() => "-");
  const amount = (value: number | undefined) => (value === undefined ? "?" : amountText(resource, value));
  const part = (value: number | undefined) =>
    value === undefined ? "?" : `${amount(value)} (${percentText(value, share.allocatable) || "-"})`;
  if (resource === "pods") {
    return [amount(share.allocatable), part(share.requested), "-", "-", "-", "-"];
  }
  return [
    amount(share.allocatable),
    part(share.requested),
    `${amount(share.limits)}${share.withoutLimit > 0 ? "*" : ""}`,
    part(share.used),
    amount(share.overprovisioned),
    amount(share.overcommitted),
  ];
}

function notes({ nodes, total, waiting }: Capacity): string[] {
  return [
    ...unlimitedText(total),
    ...machinesText(nodes),
    ...(waiting.pods > 0 ? [waitingText(waiting)] : []),
    ...problems(nodes),
  ];
}

function unlimitedText(total: Capacity["total"]): string[] {
  const unlimited = ["cpu", "memory"].flatMap((resource) => {
    const pods = total[resource]?.withoutLimit ?? 0;
    return pods > 0 ? [`${resource} ${pods} ${plural(pods, "pod", "pods")}`] : [];
  });
  if (unlimited.length === 0) return [];
  return [`* Without a limit, free to use whatever there is: ${unlimited.join(", ")}.`];
}

/** When a node runs out, it is for all that runs there. */
function machinesText(nodes: readonly NodeCapacity[]): string[] {
  const machines = nodes.flatMap(({ machine }) => machine ?? []);
  if (machines.length === 0) return [];
  const sum = (resource: "cpu" | "memory") =>
    amountText(
      resource,
      machines.reduce((all, machine) => all + (machine[resource] ?? 0), 0),
    );
  const where = plural(nodes.length, "node", "nodes");
  return [`Everything on the ${where}, pods included, uses cpu ${sum("cpu")}, memory ${sum("memory")}.`];
}

function waitingText({ pods, requested }: Capacity["waiting"]): string {
  const wants = Object.entries(requested).map(([name, amount]) => `${name} ${amountText(name, amount)}`);
  const asks = wants.length > 0 ? ` that ${plural(pods, "requests", "request")} ${wants.join(", ")}` : "";
  return `${pods} ${plural(pods, "pod", "pods")}${asks} ${plural(pods, "has", "have")} no node. Why: nacre explain pod NAME`;
}

/** Nodes that say nothing for the same reason are told of together, also where each one's reason names it. */
function problems(nodes: readonly NodeCapacity[]): string[] {
  const silent = nodes.filter(({ problem }) => problem !== undefined);
  const groups = Map.groupBy(silent, ({ name, problem = "" }) => withoutName(problem, name));
  return Array.from(groups, ([shared, group]) => {
    const names = group.slice(0, 3).map(({ name }) => name);
    const who =
      group.length > names.length ? `${group.length} nodes (${names.join(", ")}, …)` : names.join(", ");
    const [only] = group;
    return `? What is used on ${who} is not known: ${group.length === 1 ? only?.problem : shared}`;
  });
}

/** `node fake-7 is a fake node` as it is said of each of many. */
function withoutName(problem: string, name: string): string {
  return problem.replaceAll(new RegExp(`\\bnode ${name.replaceAll(".", "\\.")}(?![\\w.-])`, "g"), "the node");
}

function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** The total stands out. */
function emphasized(output: Output, text: string): string {
  const line = (one: string) => (one.startsWith(totalName) ? paint(output, "bold", one) : one);
  return text.split("\n").map(line).join("\n");
}

function widthOf(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

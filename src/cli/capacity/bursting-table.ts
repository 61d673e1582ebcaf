import { table } from "../output.ts";
import { amountText } from "./amount.ts";
import type { Burst, BurstingPod } from "./bursting.ts";

/** Who uses more of a resource than it requests; empty when nobody does. With `columns` of a terminal, no wider if that can be. */
export function burstingTable(
  all: readonly BurstingPod[],
  resource: "cpu" | "memory",
  { columns }: { readonly columns: number },
): string {
  const bursting = all.flatMap((pod) => {
    const burst = pod[resource];
    return burst ? [{ ...pod, burst }] : [];
  });
  if (bursting.length === 0) return "";
  // Memory: in the order of eviction, node by node. Processor time: the greediest first.
  if (resource === "cpu") bursting.sort((a, b) => above(b.burst) - above(a.burst));
  const cells = bursting.slice(0, mostRows).map(
    ({ burst, evictionRank, ...pod }): Row => ({
      EVICTED: evictionRank === undefined ? "never" : String(evictionRank),
      POD: pod.pod,
      NODE: pod.node,
      QOS: pod.qosClass,
      PRIORITY: String(pod.priority),
      USES: amountText(resource, burst.used),
      REQUESTS: amountText(resource, burst.request),
      LIMIT: burst.limit === undefined ? "none" : amountText(resource, burst.limit),
    }),
  );
  const order = resource === "memory" ? (["EVICTED"] as const) : [];
  const whole = tableOf([...order, "POD", "NODE", "QOS", "PRIORITY", "USES", "REQUESTS", "LIMIT"], cells);
  const isTooWide = whole.split("\n").some((line) => line.length > columns);
  const fitting = isTooWide ? tableOf([...order, "POD", "USES", "REQUESTS", "LIMIT"], cells) : whole;
  const more = bursting.length - cells.length;
  return `${titles[resource]}\n${fitting}${more > 0 ? `… and ${more} more: nacre capacity -o json\n` : ""}`;
}

const titles = {
  memory: "Above their memory request, in the order of eviction when their node runs out:",
  cpu: "Above their cpu request; nobody is evicted for that, they get less when it is short:",
};

/** More would push what comes before out of sight. */
const mostRows = 10;

type Column = "EVICTED" | "POD" | "NODE" | "QOS" | "PRIORITY" | "USES" | "REQUESTS" | "LIMIT";
type Row = Readonly<Record<Column, string>>;

function tableOf(columns: readonly Column[], rows: readonly Row[]): string {
  return table(
    columns,
    rows.map((row) => columns.map((column) => row[column])),
  );
}

function above({ used, request }: Burst): number {
  return used - request;
}

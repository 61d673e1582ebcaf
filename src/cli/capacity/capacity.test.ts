import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Node, Pod, PodSpec } from "#api";
import { capacityOf } from "./capacity.ts";
import { capacityPage } from "./capacity-page.ts";
import { capacityRecord } from "./capacity-record.ts";
import { type NodeUsage, type UsageUnknown, usageFrom } from "./usage.ts";

const mebibyte = 2 ** 20;

function node(name: string): Node {
  const capacity = { cpu: "2", memory: "2Gi", pods: "110", "ephemeral-storage": "40Gi" };
  return {
    metadata: { name },
    status: { capacity, allocatable: { ...capacity, cpu: "1900m", memory: "1792Mi" } },
  };
}

interface PodTraits {
  readonly nodeName?: string;
  readonly requests?: Record<string, string>;
  readonly limits?: Record<string, string>;
  readonly priority?: number;
  readonly phase?: string;
}

function pod(name: string, { requests = {}, limits = {}, phase = "Running", ...spec }: PodTraits = {}): Pod {
  const containers: PodSpec["containers"] = [{ name: "main", resources: { requests, limits } }];
  return { metadata: { name, namespace: "shop" }, spec: { containers, ...spec }, status: { phase } };
}

/** Pods by name: thousandths of a core and MiB. */
function used(pods: Record<string, readonly [cpu: number, memory: number]>): NodeUsage {
  const measured = (cpu: number, memory: number) => ({
    cpu: { usageNanoCores: cpu * 1e6 },
    memory: { workingSetBytes: memory * mebibyte },
  });
  return usageFrom({
    node: measured(300, 900),
    pods: Object.entries(pods).map(([name, [cpu, memory]]) => ({
      podRef: { namespace: "shop", name },
      ...measured(cpu, memory),
    })),
  });
}

const small = { cpu: "100m", memory: "64Mi" };
const large = { cpu: "1", memory: "512Mi" };

const shop = {
  nodes: [node("n1")],
  pods: [
    pod("idle", { nodeName: "n1", requests: large, limits: large }),
    pod("greedy", { nodeName: "n1", requests: small, limits: { memory: "1Gi" } }),
    pod("careless", { nodeName: "n1" }),
    pod("system", { nodeName: "n1", priority: 2_000_001_000 }),
    pod("done", { nodeName: "n1", requests: large, phase: "Succeeded" }),
    pod("waits", { requests: { cpu: "8" }, phase: "Pending" }),
  ],
  usage: new Map<string, NodeUsage | UsageUnknown>([
    ["n1", used({ idle: [200, 128], greedy: [250, 200], careless: [5, 100], system: [1, 40] })],
  ]),
};

test("it adds up what is given and what of it is used; pods that have ended hold nothing", () => {
  const { nodes, total } = capacityOf(shop);
  assert.deepEqual(total.cpu, {
    capacity: 2000,
    allocatable: 1900,
    requested: 1100,
    limits: 1000,
    withoutLimit: 3,
    used: 456,
    overprovisioned: 800,
    overcommitted: -1000,
  });
  assert.deepEqual(total.memory, {
    capacity: 2048 * mebibyte,
    allocatable: 1792 * mebibyte,
    requested: 576 * mebibyte,
    limits: 1536 * mebibyte,
    withoutLimit: 2,
    used: 468 * mebibyte,
    overprovisioned: 384 * mebibyte,
    overcommitted: -512 * mebibyte,
  });
  assert.equal(total.pods?.used, 4);
  assert.deepEqual(nodes[0]?.resources, total);
  assert.deepEqual(nodes[0]?.machine, { cpu: 300, memory: 900 * mebibyte });
});

test("who uses more memory than requested has a place in the line of eviction, but for the system's own", () => {
  const { bursting } = capacityOf(shop);
  assert.deepEqual(
    bursting.map(({ pod, evictionRank, memory }) => [pod, evictionRank, memory?.limit]),
    [
      ["shop/greedy", 1, 1024 * mebibyte],
      ["shop/careless", 2, undefined],
      ["shop/system", undefined, undefined],
    ],
  );
});

test("who uses more processor time than requested is told of, and not evicted", () => {
  const calm = { ...shop, usage: new Map([["n1", used({ greedy: [250, 10], idle: [1, 1] })]]) };
  assert.deepEqual(capacityOf(calm).bursting, [
    {
      node: "n1",
      pod: "shop/greedy",
      qosClass: "Burstable",
      priority: 0,
      cpu: { used: 250, request: 100 },
    },
  ]);
});

test("of a node that does not answer nothing is said of what is used", () => {
  const two = {
    ...shop,
    nodes: [node("n2"), node("n1")],
    usage: new Map([...shop.usage, ["n2", { problem: "no agent" }] as const]),
  };
  const { nodes, total } = capacityOf(two);
  assert.deepEqual(
    nodes.map(({ name, problem }) => [name, problem]),
    [
      ["n1", undefined],
      ["n2", "no agent"],
    ],
  );
  assert.equal(nodes[1]?.resources.cpu?.used, undefined);
  assert.equal(total.cpu?.used, 456);
  assert.equal(total.cpu?.allocatable, 3800);
});

const plain = { colour: false, live: false, out: () => {}, note: () => {} };

test("a terminal that is wide enough gets a table per resource", () => {
  const two = {
    ...shop,
    nodes: [...shop.nodes, node("n2")],
    usage: new Map([...shop.usage, ["n2", { problem: "its agent is not connected" }] as const]),
  };
  assert.equal(
    capacityPage({ ...plain, columns: 120 }, capacityOf(two)),
    `CPU     ALLOCATABLE   REQUESTED     LIMITS   USED         OVERPROVISIONED   OVERCOMMITTED
n1      1900m         1100m (58%)   1*       456m (24%)   800m              -1
n2      1900m         0 (0%)        0        ?            ?                 -2
TOTAL   3800m         1100m (29%)   1*       456m (12%)   800m              -3

MEMORY   ALLOCATABLE   REQUESTED     LIMITS   USED          OVERPROVISIONED   OVERCOMMITTED
n1       1.8Gi         576Mi (32%)   1.5Gi*   468Mi (26%)   384Mi             -512Mi
n2       1.8Gi         0 (0%)        0        ?             ?                 -2Gi
TOTAL    3.5Gi         576Mi (16%)   1.5Gi*   468Mi (13%)   384Mi             -2.5Gi

PODS    ALLOCATABLE   REQUESTED
n1      110           4 (4%)
n2      110           0 (0%)
TOTAL   220           4 (2%)

Above their memory request, in the order of eviction when their node runs out:
EVICTED   POD             NODE   QOS          PRIORITY     USES    REQUESTS   LIMIT
1         shop/greedy     n1     Burstable    0            200Mi   64Mi       1Gi
2         shop/careless   n1     BestEffort   0            100Mi   0          none
never     shop/system     n1     BestEffort   2000001000   40Mi    0          none

Above their cpu request; nobody is evicted for that, they get less when it is short:
POD             NODE   QOS          PRIORITY     USES   REQUESTS   LIMIT
shop/greedy     n1     Burstable    0            250m   100m       none
shop/careless   n1     BestEffort   0            5m     0          none
shop/system     n1     BestEffort   2000001000   1m     0          none

* Without a limit, free to use whatever there is: cpu 3 pods, memory 2 pods.
Everything on the nodes, pods included, uses cpu 300m, memory 900Mi.
1 pod that requests cpu 8 has no node. Why: nacre explain pod NAME
? What is used on n2 is not known: its agent is not connected
`,
  );
});

test("nodes that say nothing for the same reason are told of once, though the reason names each of them", () => {
  const fakes = Array.from({ length: 64 }, (_, index) => `fake-${index}`);
  const problem = (name: string) => ({
    problem: `node ${name} is a fake node, on which nothing really runs`,
  });
  const page = capacityPage(
    plain,
    capacityOf({
      nodes: ["n1", "n2", ...fakes].map(node),
      pods: [],
      usage: new Map([
        ...shop.usage,
        ["n2", { problem: "cannot reach node n2" }] as const,
        ...fakes.map((name) => [name, problem(name)] as const),
      ]),
    }),
  );
  assert.deepEqual(
    page.split("\n").filter((line) => line.startsWith("?")),
    [
      "? What is used on 64 nodes (fake-0, fake-1, fake-10, …) is not known: the node is a fake node, on which nothing really runs",
      "? What is used on n2 is not known: cannot reach node n2",
    ],
  );
});

test("a narrow terminal gets a block per node, and of pods what matters most", () => {
  assert.equal(
    capacityPage({ ...plain, columns: 70 }, capacityOf(shop)),
    `n1                CPU           MEMORY        PODS
allocatable       1900m         1.8Gi         110
requested         1100m (58%)   576Mi (32%)   4 (4%)
limits            1*            1.5Gi*        -
used              456m (24%)    468Mi (26%)   -
overprovisioned   800m          384Mi         -
overcommitted     -1            -512Mi        -

Above their memory request, in the order of eviction when their node runs out:
EVICTED   POD             USES    REQUESTS   LIMIT
1         shop/greedy     200Mi   64Mi       1Gi
2         shop/careless   100Mi   0          none
never     shop/system     40Mi    0          none

Above their cpu request; nobody is evicted for that, they get less when it is short:
POD             USES   REQUESTS   LIMIT
shop/greedy     250m   100m       none
shop/careless   5m     0          none
shop/system     1m     0          none

* Without a limit, free to use whatever there is: cpu 3 pods, memory 2 pods.
Everything on the node, pods included, uses cpu 300m, memory 900Mi.
1 pod that requests cpu 8 has no node. Why: nacre explain pod NAME
`,
  );
});

test("where colours are wanted the total stands out, and columns stay where they are", () => {
  const two = { ...shop, nodes: [...shop.nodes, node("n2")] };
  const coloured = capacityPage({ ...plain, colour: true }, capacityOf(two));
  assert.ok(coloured.includes("\n\u001b[1mTOTAL   3800m "));
  assert.equal(stripVTControlCharacters(coloured), capacityPage(plain, capacityOf(two)));
});

test("programs get cores and bytes", () => {
  const { total } = capacityRecord(capacityOf(shop)) as { total: Record<string, object> };
  assert.deepEqual(total.cpu, {
    capacity: 2,
    allocatable: 1.9,
    requested: 1.1,
    limits: 1,
    used: 0.456,
    overprovisioned: 0.8,
    overcommitted: -1,
    withoutLimit: 3,
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import type { Service } from "#api";
import { ScenarioError } from "./mistakes.ts";
import { readScenario } from "./read-scenario.ts";
import type { Scenario } from "./scenario.ts";

const shop = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

function read(text: string, files: Record<string, string> = { "shop.yaml": shop }): Scenario {
  return readScenario({
    file: "s.yaml",
    text,
    files: {
      read: (path) => (files[path] === undefined ? undefined : { name: `in/${path}`, text: files[path] }),
    },
  });
}

/** Every mistake as a line. */
function mistakes(text: string, files?: Record<string, string>): string[] {
  try {
    read(text, files);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const good = `
name: An ordinary day
start: 22:00
duration: 1d
manifests: [shop.yaml]
fleet:
  - { name: small, count: 4, zones: [a, b], cpu: 500m, memory: 4Gi, failures: { perNodePerMonth: 2, lasting: 5m..10m } }
services:
  shop/web:
    requestsPerSecond: { "20:00": 300, "04:00": 60 }
    requestsPerSecondPerCore: 150
    pods: { startup: 8s..20s, memoryLeakPerHour: 10Mi }
events:
  - { at: 90m, scale: { deployment: shop/web, replicas: 5 } }
  - { at: 23:00, lose: { zone: b, for: 30m } }
  - { at: day 2 10:00, load: { service: shop/web, times: 5, for: 1h, ramp: 5m } }
expect:
  - availability(shop/web, p99) >= 99.9%
  - evictions(shop) <= 2
`;

test("a scenario is read whole: nodes over zones, events by time, loads by time of day", () => {
  const scenario = read(good);
  assert.equal(new Date(scenario.startAt).toISOString(), "2026-01-05T22:00:00.000Z");
  assert.deepEqual(
    scenario.nodes.map(({ shape }) => [shape.name, shape.zone, shape.cpuMilli, shape.memoryBytes]),
    [1, 2, 3, 4].map((index) => [`small-${index}`, index % 2 === 1 ? "a" : "b", 500, 4 * 2 ** 30]),
  );
  assert.deepEqual(
    scenario.events.map(({ atMs, words }) => [atMs / 60_000, words]),
    [
      [60, "zone b is lost"],
      [90, "shop/web is scaled to 5"],
      [90, "zone b is back"],
      [12 * 60, "load of shop/web × 5 for 1 h"],
    ],
  );
  assert.deepEqual(scenario.services[0]?.load, [
    { atMs: 4 * 3_600_000, perSecond: 60 },
    { atMs: 20 * 3_600_000, perSecond: 300 },
  ]);
  assert.deepEqual(
    scenario.expectations.map(({ measure, comparison, value }) => ({ measure, comparison, value })),
    [
      {
        measure: { of: "availability", service: "shop/web", over: "p99" },
        comparison: ">=",
        value: 0.9990000000000001,
      },
      { measure: { of: "evictions", namespace: "shop" }, comparison: "<=", value: 2 },
    ],
  );
});

/** What one change of the good scenario is answered with. */
const changes: readonly [string, string, string, RegExp][] = [
  [
    "an unknown field",
    "duration: 1d",
    "duraton: 1d",
    /^s\.yaml:4:1: a scenario has no field "duraton"; did you mean "duration"\? Allowed: name, /m,
  ],
  [
    "a duration that is none",
    "duration: 1d",
    "duration: a day",
    /^s\.yaml:4:11: "a day" is no duration; write 90s, 15m/,
  ],
  [
    "a duration that takes too long",
    "duration: 1d",
    "duration: 90d",
    /^s\.yaml:4:11: "90d" cannot be played;.*at most 31 days/,
  ],
  [
    "an impossible time",
    "start: 22:00",
    "start: 25:00",
    /^s\.yaml:3:8: "25:00" is no beginning; write 08:00/,
  ],
  [
    "a day that its month does not have",
    "start: 22:00",
    "start: 2026-02-30T09:00:00Z",
    /^s\.yaml:3:8: "2026-02-30T09:00:00Z" is no beginning; write 08:00[^\n]*$/,
  ],
  [
    "more of a resource than there can be",
    "cpu: 500m",
    "cpu: 1e30",
    /^s\.yaml:7:\d+: "1e\+30" cannot be: no machine and no pod has so much; write cpu as 4 or 500m$/m,
  ],
  [
    "a name that a terminal would obey",
    "name: An ordinary day",
    'name: "An \\e[31mordinary\\0 day"',
    /^s\.yaml:2:7: "An \\u001b\[31mordinary\\u0000 day" has control characters in it/,
  ],
  ["a missing file", "[shop.yaml]", "[shops.yaml]", /^s\.yaml:5:13: there is no file "shops\.yaml"/],
  ["a negative quantity", "cpu: 500m", "cpu: -1", /^s\.yaml:7:\d+: "-1" cannot be/],
  [
    "a quantity that is none",
    "memory: 4Gi",
    "memory: 4 gigabytes",
    /^s\.yaml:7:\d+: "4 gigabytes" is no quantity; write memory as 16Gi/,
  ],
  [
    "an impossible label",
    "cpu: 500m",
    "cpu: 500m, labels: { a b: c }",
    /^s\.yaml:7:\d+: "a b" is no label: /,
  ],
  [
    "a taint without its effect",
    "cpu: 500m",
    "cpu: 500m, taints: [gpu]",
    /a taint is written KEY=VALUE:EFFECT/,
  ],
  [
    "a taint that is there twice",
    "cpu: 500m",
    'cpu: 500m, taints: ["a=b:NoSchedule", "a:NoExecute", "a=c:NoSchedule"]',
    /^s\.yaml:7:98: there is already a taint "a" with the effect NoSchedule; a node has each key and effect once$/,
  ],
  [
    "no nodes",
    "count: 4",
    "count: 0",
    /^s\.yaml:7:\d+: a whole number from 1 to 10000 is needed here, not "0"/,
  ],
  ["an unknown zone", "zone: b", "zone: d", /^s\.yaml:15:\d+: there is no zone "d".*There are: a, b$/],
  [
    "a service that is not there",
    "shop/web, p99",
    "shop/wbe, p99",
    /^s\.yaml:18:5: there is no service "shop\/wbe"; did you mean "shop\/web"\? There are: shop\/web$/,
  ],
  ["an unknown percentile", "shop/web, p99", "shop/web, p98", /there is no percentile "p98"/],
  [
    "an expectation without its unit",
    "99.9%",
    "99.9",
    /^s\.yaml:18:5: availability\(…\) is compared with a percentage/,
  ],
  ["an impossible expectation", "99.9%", "101%", /101% cannot be; an availability lies between 0% and 100%/],
  [
    "an unknown measure",
    "evictions(shop)",
    "eviction(shop)",
    /there is no measure "eviction"; did you mean "evictions"\?/,
  ],
  [
    "something that is no expectation",
    "evictions(shop) <= 2",
    "all is well",
    /"all is well" is no expectation; write availability/,
  ],
  [
    "a workload that is not there",
    "deployment: shop/web",
    "deployment: web",
    /^s\.yaml:14:\d+: there is no Deployment "web"/,
  ],
  [
    "an event after the end",
    "day 2 10:00",
    "day 3 10:00",
    /^s\.yaml:16:\d+: "day 3 10:00" lies outside of the scenario, which lasts 24 h from 22:00 on/,
  ],
  [
    "an event that does nothing",
    "scale: { deployment: shop/web, replicas: 5 }",
    "for: 5m",
    /^s\.yaml:14:5: an event does one thing: one of lose, restore, /,
  ],
  ["a ramp longer than the load", "ramp: 5m", "ramp: 31m", /a ramp is at most half of it/],
  ["a file that is no YAML", "name: An", "name: [An", /^s\.yaml:\d+:\d+: /],
];

for (const [what, before, after, expected] of changes) {
  test(`${what} is told with its line and what is allowed`, () => {
    assert.ok(good.includes(before), before);
    assert.match(mistakes(good.replace(before, after)).join("\n"), expected);
  });
}

test("several mistakes are told at once, in the order of the file, without those that only follow from others", () => {
  const lines = mistakes(
    good
      .replace("cpu: 500m", "cpu: lots")
      .replace("[shop.yaml]", "[shops.yaml]")
      .replace("times: 5", "times: often"),
  );
  assert.deepEqual(
    lines.map((line) => line.split(":").slice(0, 2).join(":")),
    ["s.yaml:5", "s.yaml:7", "s.yaml:16"],
  );
});

test("mistakes in manifests are told in their own file: fields, quantities and kinds that are none", () => {
  const wrong = shop
    .replace("spec:\n  selector", "spec:\n  replica: 3\n  selector")
    .replace("image: web:1", "image: web:1, resources: { requests: { cpu: lots } }")
    .replace("apiVersion: v1", "apiVersion: v2");
  const lines = mistakes(good, { "shop.yaml": wrong });
  assert.match(
    lines[0] ?? "",
    /^in\/shop\.yaml:6:3: a DeploymentSpec has no field "replica"; did you mean "replicas"\?/,
  );
  assert.match(lines[1] ?? "", /^in\/shop\.yaml:10:\d+: "lots" is no quantity; write 2 or 500m for cpu/);
  assert.match(lines[2] ?? "", /^in\/shop\.yaml:12:1: Service is served as v1, not as v2$/);
  assert.equal(lines.length, 3);
});

test("the items of a List are manifests, each with its own line, without what the server wrote", () => {
  const list = `
apiVersion: v1
kind: List
metadata: { resourceVersion: "" }
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web, namespace: shop, uid: 1-2-3, resourceVersion: "17", generation: 2, labels: { app: web } }
  spec:
    selector: { matchLabels: { app: web } }
    template:
      metadata: { labels: { app: web } }
      spec: { containers: [{ name: web, image: web:1 }] }
  status: { replicas: 1 }
- apiVersion: v1
  kind: Service
  metadata: { name: web, namespace: shop, uid: 4-5-6 }
  spec: { clusterIP: None, clusterIPs: [None], selector: { app: web }, ports: [{ port: 80 }] }
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata:
    { name: web-1, namespace: shop, uid: 7, ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: web, uid: 1-2-3 }] }
`;
  const { objects } = read(good, { "shop.yaml": list });
  assert.deepEqual(
    objects.map(({ object, place }) => [object.kind, object.metadata, "status" in object, place.line]),
    [
      ["Deployment", { name: "web", namespace: "shop", labels: { app: "web" } }, false, 6],
      ["Service", { name: "web", namespace: "shop" }, false, 15],
    ],
  );
  const service = objects[1]?.object as Service | undefined;
  assert.deepEqual(service?.spec, {
    clusterIP: "None",
    selector: { app: "web" },
    ports: [{ port: 80 }],
  });
  assert.match(
    mistakes(good, { "shop.yaml": list.replace("ports:", "port:") }).join("\n"),
    /^in\/shop\.yaml:18:\d+: a ServiceSpec has no field "port"/,
  );
});

test("a label may have an empty value, as roles of nodes do", () => {
  const [node] = read(
    good.replace("cpu: 500m", 'cpu: 500m, labels: { node-role.kubernetes.io/worker: "" }'),
  ).nodes;
  assert.deepEqual(node?.shape.labels, { "node-role.kubernetes.io/worker": "" });
});

test("pods that name what nobody defines are told with their line, and what comes later is known", () => {
  const asks = (more: string) => ({
    "shop.yaml": shop.replace("spec: { containers:", `spec: { ${more}, containers:`),
  });
  assert.deepEqual(mistakes(good, asks("priorityClassName: gold")), [
    'in/shop.yaml:9:13: there is no PriorityClass "gold". There are: system-cluster-critical, system-node-critical; its pods could not be created',
  ]);
  assert.deepEqual(mistakes(good, asks("runtimeClassName: gvisor, serviceAccountName: web")), [
    'in/shop.yaml:9:13: there is no RuntimeClass "gvisor". There is none; its pods could not be created',
    'in/shop.yaml:9:39: there is no ServiceAccount "web". There are: default; its pods could not be created',
  ]);
  const known = asks("priorityClassName: system-node-critical, serviceAccountName: web");
  const account = (namespace: string) =>
    `\n---\n{ apiVersion: v1, kind: ServiceAccount, metadata: { name: web, namespace: ${namespace} } }\n`;
  assert.equal(mistakes(good, { "shop.yaml": known["shop.yaml"] + account("other") }).length, 1);
  assert.deepEqual(mistakes(good, { "shop.yaml": known["shop.yaml"] + account("shop") }), []);
  const later = good
    .replace("manifests: [shop.yaml]\n", "")
    .replace(
      "  - { at: 90m, scale",
      "  - { at: 1h, deploy: b.yaml }\n  - { at: 2h, deploy: shop.yaml }\n  - { at: 90m, scale",
    )
    .replace(/ {2}- .*scale.*\n/, "")
    .replace(/ {2}- .*load:.*\n/, "");
  assert.deepEqual(mistakes(later, { ...known, "b.yaml": account("shop") }), []);
  assert.deepEqual(
    mistakes(later.replace("at: 1h,", "at: 3h,"), { ...known, "b.yaml": account("shop") }),
    [],
    "it is waited for, as in a cluster",
  );
});

test("a beginning that is none is one mistake, whatever it would mean for events", () => {
  const wrong = good.replace("start: 22:00", "start: noon").replace("duration: 1d", "duration: 2h");
  assert.match(
    mistakes(wrong.replace("day 2 10:00", "10:00")).join("\n"),
    /^s\.yaml:3:8: "noon" is no beginning[^\n]*$/,
  );
});

test("what is nested too deeply is told with its file", () => {
  for (const depth of [300, 5_000, 100_000]) {
    const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: ${"[".repeat(depth)}${"]".repeat(depth)}\n`;
    const [only, ...more] = mistakes(good, { "shop.yaml": manifest });
    assert.match(only ?? "", /^in\/shop\.yaml:[14]:\d+: this is nested too deeply to be read/);
    assert.deepEqual(more, []);
    assert.match(
      mistakes(`name: ${"[".repeat(5_000)}`)[0] ?? "",
      /^s\.yaml:1:\d+: this is nested too deeply/,
    );
  }
});

test("a list that contains itself, twice in each level, is told as what it is", () => {
  const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: &a [*a, *a]\n";
  assert.match(
    mistakes(good, { "shop.yaml": manifest })[0] ?? "",
    /^in\/shop\.yaml:1:1: this is nested too deeply to be read/,
  );
});

test("more pods than can be played are refused where they are asked for, in the words of events", () => {
  const many = shop.replace("spec:\n  selector", "spec:\n  replicas: 1000000\n  selector");
  assert.deepEqual(mistakes(good, { "shop.yaml": many }), [
    'in/shop.yaml:6:3: a whole number from 0 to 10000 is needed here, not "1000000"',
  ]);
  assert.match(
    mistakes(good.replace("replicas: 5", "replicas: 1000000"))[0] ?? "",
    /^s\.yaml:14:\d+: a whole number from 0 to 10000 is needed here, not "1000000"$/,
  );
});

test("aliases that multiply are refused, not followed", () => {
  const layers = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level += 1) {
    const [own, below] = ["abcdefghi"[level], "abcdefghi"[level - 1]];
    layers.push(`${own}: &${own} [${Array(9).fill(`*${below}`).join(", ")}]`);
  }
  const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata:\n  ${layers.join("\n  ")}\n`;
  assert.match(
    mistakes(good, { "shop.yaml": manifest })[0] ?? "",
    /^in\/shop\.yaml:1:1: Excessive alias count/,
  );
});

test("whatever text a scenario has, it is read or its mistakes are told", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "name",
      "start",
      "duration",
      "fleet",
      "services",
      "events",
      "expect",
      "at",
      "lose",
      "zone",
      "cpu",
    ),
    fc.string({ maxLength: 8 }),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>("10:00", "1h", "4Gi", 4, -1, null, true, "availability(shop/web) >= 1%"),
      fc.string({ maxLength: 12 }),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(word, tie("any"), { maxKeys: 4 }),
    ),
  })).any;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        value.map((one) => stringify(one)),
      ),
      (text) => {
        for (const line of mistakes(text)) assert.match(line, /^(s\.yaml:\d+:\d+: |and \d+ more)/s);
      },
    ),
    { numRuns: 300 },
  );
});

test("times of day, written in any form, are read as what they are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1439 }), (minute) => {
      const time = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
      const [event] = read(
        `start: 00:00\nduration: 1d\nfleet: [{ name: n, cpu: 1, memory: 1Gi }]\nevents: [{ at: "${time}", drain: { node: n-1 } }]`,
      ).events;
      assert.equal(event?.atMs, minute * 60_000);
    }),
  );
});

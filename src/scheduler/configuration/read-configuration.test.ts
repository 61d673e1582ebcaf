import assert from "node:assert/strict";
import { test } from "node:test";
import { allPlugins } from "../plugins/registry.ts";
import { readConfiguration } from "./read-configuration.ts";

const head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

test("a configuration that says nothing more is the default profile", () => {
  const [profile, ...more] = profilesOf("");
  assert.equal(more.length, 0);
  assert.equal(profile?.schedulerName, "default-scheduler");
  assert.deepEqual(namesOn(profile), namesOn({ plugins: allPlugins() }));
});

test("JSON is YAML", () => {
  const text = JSON.stringify({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    profiles: [{ schedulerName: "packer" }],
  });
  const read = readConfiguration(text);
  assert.equal(read.type === "profiles" && read.profiles[0]?.schedulerName, "packer");
});

test("each profile has a scheduler's name, and how many nodes it looks at, its own or that of all", () => {
  const profiles = profilesOf(`
percentageOfNodesToScore: 70
profiles:
- schedulerName: default-scheduler
- schedulerName: hurried
  percentageOfNodesToScore: 10
`);
  assert.deepEqual(
    profiles.map(({ schedulerName, percentageOfNodesToScore }) => [schedulerName, percentageOfNodesToScore]),
    [
      ["default-scheduler", 70],
      ["hurried", 10],
    ],
  );
});

test("a plugin is switched off for all it does, or at one extension point", () => {
  const [profile] = profilesOf(`
profiles:
- plugins:
    multiPoint:
      disabled: [{ name: ImageLocality }]
    score:
      disabled: [{ name: NodeResourcesFit }]
`);
  const fit = profile?.plugins.find(({ name }) => name === "NodeResourcesFit");
  const locality = profile?.plugins.find(({ name }) => name === "ImageLocality");
  assert.ok(fit?.filter);
  assert.equal(fit.score, undefined);
  assert.equal(locality?.score, undefined);
});

test("all are switched off but those that are switched on, with their weights", () => {
  const [profile] = profilesOf(`
profiles:
- plugins:
    score:
      disabled: [{ name: "*" }]
      enabled: [{ name: PodTopologySpread, weight: 7 }, { name: TaintToleration }]
`);
  const scoring = profile?.plugins.filter(({ score }) => score).map(({ name, weight }) => [name, weight]);
  assert.deepEqual(scoring, [
    ["TaintToleration", 3],
    ["PodTopologySpread", 7],
  ]);
  assert.ok(profile?.plugins.find(({ name }) => name === "NodeAffinity")?.filter);
});

test("every mistake is told at once, with its line and what is allowed", () => {
  const read = readConfiguration(`${head}profile: []
percentageOfNodesToScore: 101
profiles:
- schedulerName: a
  plugins:
    score:
      enabled: [{ name: NodeResourceFit }]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy: { type: Tightest }
  - name: NodePorts
    args: { any: thing }
- schedulerName: a
`);
  assert.equal(read.type, "mistakes");
  const told = read.type === "mistakes" ? read.mistakes : [];
  for (const expected of [
    /^line 3: profile is not known here; did you mean profiles\?/,
    /^line 4: percentageOfNodesToScore is a whole number from 0 to 100, not 101/,
    /^line 9: profiles\[0\]\.plugins\.score\.enabled\[0\]\.name is one of .*NodeResourcesFit.*, not NodeResourceFit/,
    /^line 13: .*scoringStrategy\.type is one of LeastAllocated, MostAllocated, RequestedToCapacityRatio, not Tightest/,
    /^line 15: .*args cannot be given to NodePorts here/,
    /^line 16: profiles\[1\] is a second profile of scheduler a/,
  ]) {
    assert.ok(
      told.some((mistake) => expected.test(mistake)),
      `${expected} is not in ${told.join("\n")}`,
    );
  }
});

test("what is no configuration at all is told, and why", () => {
  for (const [text, expected] of [
    ["", /apiVersion must be kubescheduler\.config\.k8s\.io\/v1/],
    ["kind: Pod\napiVersion: v1\n", /line 2: apiVersion is one of kubescheduler/],
    ["profiles: [", /line 1/],
    ["- a\n- b\n", /the configuration is a map/],
    [`${head}profiles: 5\n`, /line 3: profiles is a list/],
    [
      `${head}profiles: [{ pluginConfig: [{ name: DefaultPreemption, args: { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 } }] }]\n`,
      /args must leave candidates/,
    ],
  ] as const) {
    const read = readConfiguration(text);
    assert.equal(read.type, "mistakes");
    if (read.type === "mistakes") assert.match(read.mistakes.join("\n"), expected);
  }
});

function profilesOf(text: string) {
  const read = readConfiguration(`${head}${text}`);
  assert.equal(read.type, "profiles", read.type === "mistakes" ? read.mistakes.join("\n") : "");
  return read.type === "profiles" ? read.profiles : [];
}

function namesOn(profile: { readonly plugins: readonly { readonly name: string }[] } | undefined) {
  return profile?.plugins.map(({ name }) => name);
}

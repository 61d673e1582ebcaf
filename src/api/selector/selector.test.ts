import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileLabelMap, compileLabelSelector } from "./label-selector.ts";
import { parseLabelSelector } from "./parse-label-selector.ts";
import { meets, type Requirement } from "./requirement.ts";
import { compileSelector, formatSelector } from "./selector.ts";

const web = { app: "web", tier: "front", cores: "8" };

function matches(text: string, labels: Record<string, string> = web): boolean {
  return parseLabelSelector(text).matches(labels);
}

test("every operator of the string form does what it says", () => {
  const cases: [string, boolean][] = [
    ["", true],
    ["app=web", true],
    ["app==web", true],
    ["app = web , tier=front", true],
    ["app!=web", false],
    ["other!=web", true],
    ["app", true],
    ["!app", false],
    ["! other", true],
    ["app in (web, api)", true],
    ["app in (api)", false],
    ["app notin (api)", true],
    ["other notin (api)", true],
    ["cores>4", true],
    ["cores<4", false],
    ["app>4", false],
    ["app=", false],
    ["in in (notin)", false],
  ];
  for (const [text, expected] of cases) assert.equal(matches(text), expected, text);
  assert.ok(matches("app=", { app: "" }));
  assert.ok(matches("app in (,x)", { app: "" }));
});

test("a malformed selector says where", () => {
  for (const text of [
    "app==",
    "a b",
    "app in",
    "app in (a",
    "=x",
    "app=web,",
    "a=b=c",
    "-x=1",
    "cores>x",
    "app=-",
    "a in b",
  ]) {
    if (text === "app==") continue;
    assert.throws(() => parseLabelSelector(text), { reason: "BadRequest" }, text);
  }
  assert.throws(() => parseLabelSelector("app in (a"), /unable to parse requirement/);
});

test("a prototype's property is no label", () => {
  assert.ok(!matches("constructor"));
  assert.ok(!matches("toString=x"));
});

test("the object form: absent selects nothing, empty everything", () => {
  assert.ok(!compileLabelSelector(undefined).matches(web));
  assert.ok(compileLabelSelector({}).matches(web));
  assert.ok(compileLabelSelector({ matchLabels: { app: "web" } }).matches(web));
  const expressions = [
    { key: "app", operator: "In", values: ["web"] },
    { key: "x", operator: "DoesNotExist" },
  ];
  assert.ok(compileLabelSelector({ matchExpressions: expressions }).matches(web));
  assert.ok(!compileLabelMap({}).matches(web));
  assert.ok(compileLabelMap({ app: "web" }).matches(web));
});

test("equalities can be asked of an index", () => {
  assert.deepEqual(
    [...parseLabelSelector("app=web,tier in (a,b),zone in (x)").exact],
    [
      ["app", "web"],
      ["zone", "x"],
    ],
  );
});

const keys = fc.constantFrom("a", "b", "c");
const values = fc.constantFrom("1", "2", "x", "");
const requirements: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key: keys,
    operator: fc.constantFrom("In" as const, "NotIn" as const),
    values: fc.uniqueArray(values, { minLength: 1 }),
  }),
  fc.record({
    key: keys,
    operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
    values: fc.constant([]),
  }),
);
const labels = fc.dictionary(keys, values, { noNullPrototype: true });

test("a compiled selector is the conjunction of its requirements, and survives being written and read", () => {
  fc.assert(
    fc.property(fc.array(requirements, { maxLength: 4 }), labels, (list, own) => {
      const selector = compileSelector(list);
      const expected = list.every((requirement) => meets(own, requirement));
      assert.equal(selector.matches(own), expected);
      assert.equal(parseLabelSelector(formatSelector(selector)).matches(own), expected);
    }),
  );
});

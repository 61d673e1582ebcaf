import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../generated/types.ts";
import { tolerates } from "../../pod/tolerations.ts";
import { podKind } from "./pod.ts";

function complaints(spec: object): string[] {
  const object: Pod = {
    metadata: { name: "web", namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { containers: [{ name: "web", image: "web:1" }], ...spec },
  };
  podKind.defaults(object);
  podKind.prepareForCreate(object);
  return podKind.validateCreate(object).map(({ field, message }) => `${field}: ${message}`);
}

test("only a spread that must hold can want so many domains", () => {
  const spread = (whenUnsatisfiable: string, minDomains: number) =>
    complaints({
      topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable, minDomains }],
    });
  const at = "spec.topologySpreadConstraints[0].minDomains";
  assert.deepEqual(spread("DoNotSchedule", 2), []);
  assert.deepEqual(spread("DoNotSchedule", 0), [`${at}: Invalid value: 0: must be greater than 0`]);
  assert.deepEqual(spread("ScheduleAnyway", 2), [
    `${at}: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway`,
  ]);
});

test("of a node's fields one can ask for its name, and whether it is that one or not", () => {
  const refused = (requirement: object) => {
    const nodeSelectorTerms = [{ matchFields: [requirement] }];
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
    return complaints({ affinity: { nodeAffinity } }).map((line) => line.split("matchFields[0].")[1]);
  };
  const name = "metadata.name";
  assert.deepEqual(refused({ key: name, operator: "NotIn", values: ["n1"] }), []);
  assert.deepEqual(refused({ key: name, operator: "Exists" }), [
    'operator: Invalid value: "Exists": not a valid selector operator',
  ]);
  assert.deepEqual(refused({ key: name, operator: "In", values: ["n1", "n2"] }), [
    "values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
  ]);
  assert.deepEqual(refused({ key: "spec.unschedulable", operator: "In", values: ["false"] }), [
    'key: Invalid value: "spec.unschedulable": not a valid field selector key',
  ]);
  assert.match(
    refused({ key: name, operator: "In", values: ["N_1"] })[0] ?? "",
    /^values\[0\]: Invalid value/,
  );
});

test("tolerations compare for equality and existence, and nothing else", () => {
  const tolerating = (toleration: object) => complaints({ tolerations: [toleration] });
  assert.deepEqual(tolerating({ key: "a", operator: "", value: "1" }), []);
  assert.deepEqual(tolerating({ key: "a", operator: "Equal", value: "1" }), []);
  for (const operator of ["Gt", "Lt"]) {
    assert.deepEqual(tolerating({ key: "a", operator, value: "1" }), [
      `spec.tolerations[0].operator: Unsupported value: "${operator}": supported values: "Equal", "Exists"`,
    ]);
    assert.equal(
      tolerates({ key: "a", operator, value: "1" }, { key: "a", value: "1", effect: "NoExecute" }),
      false,
    );
  }
});

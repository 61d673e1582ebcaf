import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, newClusterConfig } from "./cluster-config.ts";

const config = newClusterConfig(
  { name: "nacre", nodeName: "box", listen: [], port: 6443 },
  "2026-01-01T00:00:00Z",
);

test("asking for what a cluster has is no difference, and neither is not asking", () => {
  assert.deepEqual(differences(config, {}), []);
  assert.deepEqual(differences(config, { name: "nacre", nodeName: "box", port: 6443, listen: [] }), []);
});

test("what a cluster was made with is named where something else is asked for", () => {
  assert.deepEqual(
    differences(config, { name: "pearl", nodeName: "shell", port: 7443, listen: ["0.0.0.0"] }),
    ["name nacre", "node name box", "port 6443", "no --listen"],
  );
});

test("a name that no network device can have, a port and an address that are none are refused", () => {
  const make = (choice: object) => () =>
    newClusterConfig({ name: "nacre", nodeName: "box", listen: [], port: 6443, ...choice }, "");
  assert.throws(make({ name: "Nacre" }), /cannot name a cluster "Nacre": 1 to 12 lower-case letters/);
  assert.throws(make({ port: 99_999 }), /cannot listen on port 99999/);
  assert.throws(make({ listen: ["box.example"] }), /cannot listen on "box.example": give an IPv4 address/);
});

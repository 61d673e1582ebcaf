import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeNodeKey, isFakeNode, simulatedRuntime } from "./fake-node.ts";
import type { Node } from "./generated/types.ts";

const labelled = (containerRuntimeVersion?: string): Node => ({
  metadata: { name: "n1", labels: { [fakeNodeKey]: "true" } },
  ...(containerRuntimeVersion === undefined ? {} : { status: { nodeInfo: info(containerRuntimeVersion) } }),
});

test("a node is fake by its label, before and after the simulation has taken it over", () => {
  assert.equal(isFakeNode(labelled()), true);
  assert.equal(isFakeNode(labelled("")), true);
  assert.equal(isFakeNode(labelled(simulatedRuntime)), true);
});

test("a node with an agent is real, whatever its labels say", () => {
  assert.equal(isFakeNode(labelled("crun://1.8.1")), false);
  assert.equal(isFakeNode({ metadata: { name: "n1" } }), false);
  assert.equal(isFakeNode({ metadata: { name: "n1", labels: { [fakeNodeKey]: "false" } } }), false);
});

function info(containerRuntimeVersion: string): NonNullable<NonNullable<Node["status"]>["nodeInfo"]> {
  const text = "x";
  return {
    architecture: text,
    bootID: text,
    containerRuntimeVersion,
    kernelVersion: text,
    kubeProxyVersion: text,
    kubeletVersion: text,
    machineID: text,
    operatingSystem: text,
    osImage: text,
    systemUUID: text,
  };
}

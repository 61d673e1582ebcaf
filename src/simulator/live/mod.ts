/** Simulated nodes in a live cluster. A face of its own: whoever runs them needs neither a store nor an API server. */
export { fakeNode } from "./fake-node.ts";
export { type FakeNodesOptions, runFakeNodes } from "./run-fake-nodes.ts";

import { systemClock } from "#base";
import { connect } from "#client/node";
import { startRealAgent } from "./real-agent.ts";

/** A node's agent as a program of its own, for tests that kill it: `node agent-process.ts KUBECONFIG NODE MACHINE`. Says when it has started. */
const [kubeconfigPath = "", nodeName = "", machine = "{}"] = process.argv.slice(2);
const { client, connection } = connect({ kubeconfigPath, clock: systemClock, fieldManager: "agent" });
const { agent } = await startRealAgent({ machine: JSON.parse(machine), client, connection, nodeName });
await agent.pods.known;
console.log("started");

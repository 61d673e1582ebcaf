import { natsBroker } from "../nats-broker.ts";

/*
 * A copy in a process of its own, for tests that kill it: prints a line for each message that it begins, and never
 * finishes those of the key "stuck".
 */
const broker = natsBroker({ connection: { servers: process.argv[2] as string } });
await broker.subscribe({
  topic: "orders",
  subscriber: "shipping",
  async handle({ message: { event } }) {
    console.log(`${event.partitionkey} ${event.data}`);
    if (event.partitionkey === "stuck") await new Promise(() => {});
  },
});
console.log("stands");

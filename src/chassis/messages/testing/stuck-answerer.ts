import { brokerAt } from "./broker-at.ts";

/* A process of its own that takes a request, says so, and never answers: to be killed. */
const broker = await brokerAt(process.argv.slice(2));
await broker.answer({
  topic: "numbers",
  type: "double",
  answer() {
    process.stdout.write("taken\n");
    return new Promise(() => {});
  },
});
process.stdout.write("ready\n");

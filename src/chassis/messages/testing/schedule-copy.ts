import { Socket } from "node:net";
import { schedule } from "../schedules/schedule.ts";
import { brokerAt } from "./broker-at.ts";

/*
 * A copy of a schedule, as a process of its own. Its arguments: the broker, and where it ends: at which question to the
 * broker, counted from the first tick that it is about to say. `0`: at none.
 */
const [kind = "", url = "", lastQuestion] = process.argv.slice(2);
let questions: number | undefined;
await schedule({
  broker: await brokerAt([kind, url]),
  name: "quick",
  source: "/test",
  every: { ms: 200 },
  missed: "all",
  say(tick) {
    questions ??= 0;
    return { topic: "orders", type: "ticked", data: tick.getTime() };
  },
});

const heard = new WeakMap<Socket, number>();
const { write } = Socket.prototype;
Socket.prototype.write = function (this: Socket, ...written: Parameters<typeof write>) {
  // What is written before anything else is heard belongs to the same question.
  if (questions !== undefined && heard.get(this) !== this.bytesRead) questions += 1;
  heard.set(this, this.bytesRead);
  if (questions !== undefined && questions === Number(lastQuestion)) process.kill(process.pid, "SIGKILL");
  return write.apply(this, written);
} as typeof write;

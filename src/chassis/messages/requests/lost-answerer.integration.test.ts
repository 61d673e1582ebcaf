import assert from "node:assert/strict";
import { join } from "node:path";
import { startProgram } from "#testing";
import { composer } from "../message.ts";
import { atEachBroker } from "../testing/at-each-broker.ts";

const program = join(import.meta.dirname, "../testing/stuck-answerer.ts");

atEachBroker(
  "a request in the hand of a process that is killed is answered by another",
  async (context, broker, where) => {
    const { lines, kill } = startProgram(context, program, where);
    const said = lines[Symbol.asyncIterator]();
    assert.equal((await said.next()).value, "ready");
    const message = composer({ source: "/test" })({ topic: "numbers", type: "double", data: 21 });
    const { signal } = new AbortController();
    const answered = broker.request({ message, timeoutMs: 50_000, signal });
    assert.equal((await said.next()).value, "taken");
    const answering = await broker.answer({
      topic: "numbers",
      type: "double",
      answer: async ({ message: { event } }) => ({ data: [event.id, 2 * (event.data as number)] }),
    });
    await kill();
    assert.deepEqual(await answered, { data: [message.event.id, 42] });
    await answering.close();
  },
);

import assert from "node:assert/strict";
import { test } from "node:test";
import { begin, hear } from "./decide.ts";
import type { SagaDefinition } from "./definition.ts";

const errand: SagaDefinition<"asking" | "done", { answered: { text: string } }, { text: string }> = {
  name: "errand",
  initial: "asking",
  states: {
    asking: {
      send: () => [{ topic: "questions", type: "ask", data: {} }],
      on: { answered: { to: "done", keep: (_, { text }) => ({ text }) } },
      timeout: "never",
    },
    done: { final: "completed", send: ({ text }) => [{ topic: "people", type: "tell", data: { text } }] },
  },
};

test("a saga that ends has a last word, with what it has heard, and then hears nothing", () => {
  const { instance } = begin(errand, "7", { text: "" });
  const last = hear(errand, instance, "answered", { text: "yes" });
  assert.deepEqual(last?.send, [
    { key: "7", subject: "7", id: "errand/7/2/1", topic: "people", type: "tell", data: { text: "yes" } },
  ]);
  assert.equal(last?.timeoutMs, undefined);
  assert.equal(last && hear(errand, last.instance, "answered", { text: "no" }), undefined);
});

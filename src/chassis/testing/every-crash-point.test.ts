import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryBroker } from "../messages/memory-broker.ts";
import { composer, type Message } from "../messages/message.ts";
import { type CrashScenario, crashAt, everyCrashPoint } from "./every-crash-point.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What is durable: who was paid, and which payments are known to be done. */
interface World {
  readonly paid: string[];
  readonly known: Set<string>;
}

/** Pays ann and bob, and marks each payment as done: in one step, or in two. */
function paying(how: "at once" | "one after the other"): CrashScenario<World> {
  return {
    open: async () => ({ paid: [], known: new Set() }),
    async run({ paid, known }, life) {
      const pay = async (name: string) => void paid.push(name);
      const mark = async (name: string) => void known.add(name);
      for (const name of ["ann", "bob"]) {
        if (known.has(name)) continue;
        if (how === "at once") await life.step(`pay ${name}`, () => Promise.all([pay(name), mark(name)]));
        else {
          await life.step(`pay ${name}`, () => pay(name));
          await life.step(`mark ${name}`, () => mark(name));
        }
      }
    },
    state: async ({ paid }) => paid,
  };
}

test("a scenario whose steps are whole ends the same at every crash point", async () => {
  const tried = await everyCrashPoint(paying("at once"));
  assert.deepEqual(tried, [
    { step: 1, when: "before" },
    { step: 1, when: "after" },
    { step: 2, when: "before" },
    { step: 2, when: "after" },
  ]);
});

test("an effect that stands outside of what marks it is found, and where", async () => {
  await assert.rejects(
    everyCrashPoint(paying("one after the other")),
    /a process that dies after step 1 \(pay ann\) does not end as one that lives/,
  );
  const { state, steps, died } = await crashAt(paying("one after the other"), { step: 3, when: "after" });
  assert.deepEqual(
    { state, steps, died },
    {
      state: ["ann", "bob", "bob"],
      steps: ["pay ann", "mark ann", "pay bob"],
      died: true,
    },
  );
});

/** Publishes three messages at once, unless `done` says that it was so. */
function publishing(isDone: (said: readonly Message[]) => boolean): CrashScenario<Message[]> {
  const compose = composer({ source: "/test" });
  const messages = [1, 2, 3].map((data) =>
    compose({ topic: "a", type: "said", key: "k", id: `${data}`, data }),
  );
  return {
    open: async () => [],
    async run(said, life) {
      const publish = async (some: readonly Message[]) => void said.push(...some);
      if (!isDone(said)) await life.broker({ ...memoryBroker(), publish }).publish(messages);
    },
    state: async (said) => [...new Set(said.map(({ event }) => event.data))],
  };
}

test("a batch may be published by half", async () => {
  const tried = await everyCrashPoint(publishing((said) => said.length >= 3));
  assert.deepEqual(
    tried.map(({ when }) => when),
    ["before", "half way through", "after"],
  );
  await assert.rejects(
    everyCrashPoint(publishing((said) => said.length > 0)),
    /dies half way through step 1 \(publish 3\)/,
  );
});

test("a second life that looks for ever for what was lost is found", async () => {
  const losing: CrashScenario<Set<string>> = {
    open: async () => new Set(),
    async run(done, life) {
      if (!done.has("remember"))
        for (const what of ["remember", "say"]) await life.step(what, async () => done.add(what));
      while (!done.has("say")) await life.step("look", async () => {});
    },
    state: async () => "done",
  };
  await assert.rejects(
    everyCrashPoint(losing),
    /after a process that dies after step 1 \(remember\) the next one fails: it had not come to its end after 5000 steps; it did last: look, look/,
  );
});

test("a life that waits for what never comes is found", async () => {
  await assert.rejects(
    everyCrashPoint({
      open: async () => {},
      run: (_world, life) => life.step("wait", () => new Promise(() => {})),
      state: async () => "done",
      lifeMs: 10,
    }),
    /it had not come to its end after 10 ms; it did last: wait/,
  );
});

test("a second life that fails says after which crash", async () => {
  await assert.rejects(
    everyCrashPoint<string[]>({
      open: async () => [],
      async run(rows, life) {
        if (rows.length > 0) throw new Error("it is there already");
        await life.step("insert", async () => rows.push("row"));
      },
      state: async () => "done",
    }),
    /after a process that dies after step 1 \(insert\) the next one fails: it is there already/,
  );
});

test("timers die with the life that has set them", async () => {
  const clock = new VirtualClock();
  const rung: string[] = [];
  let lives = 0;
  const { state } = await crashAt(
    {
      open: async () => {},
      async run(_world, life) {
        lives += 1;
        const mine = life.clock(clock);
        const name = `life ${lives}`;
        mine.setTimer(1_000, () => void rung.push(name));
        void mine.sleep(500).then(() => rung.push(`${name} slept`));
        await life.step("step", async () => {});
        await clock.advance(2_000);
      },
      state: async () => rung,
    },
    { step: 1, when: "after" },
  );
  assert.deepEqual(state, ["life 2 slept", "life 2"]);
  assert.equal(clock.pending, 0);
});

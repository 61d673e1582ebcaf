import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, systemClock } from "#base";
import { testAdmin, testCluster } from "#testing";
import { sliceMs } from "../limits.ts";
import { asking, configMapNamed } from "../testing/ask.ts";

/** Whoever looks at it finds that his time is used up: every place where work may pause is seen. */
class HastyClock implements Clock {
  #elapsedMs = 0;
  now = systemClock.now;
  setTimer = systemClock.setTimer;
  sleep = systemClock.sleep;
  monotonicMs(): number {
    this.#elapsedMs += sliceMs;
    return this.#elapsedMs;
  }
}

const cluster = await testCluster({ clock: new HastyClock() });
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";

/** How often others have a turn until the answer is there. */
async function turnsUntil(answer: Promise<{ readonly status: number }>, status: number): Promise<number> {
  let turns = 0;
  let answered = false;
  void answer.finally(() => {
    answered = true;
  });
  for (; !answered; turns += 1) await nextTurn();
  assert.equal((await answer).status, status);
  return turns;
}

const applied = `PATCH ${maps}/applied?fieldManager=test`;

test("a write that takes long lets others have a turn after each of its steps", async () => {
  const steps: readonly [line: string, body: object, type: string, status: number, turns: number][] = [
    [`POST ${maps}`, configMapNamed("large", { a: "1" }), "json", 201, 4],
    [`PUT ${maps}/large`, configMapNamed("large", { a: "2" }), "json", 200, 6],
    [`PATCH ${maps}/large`, { data: { a: "3" } }, "merge-patch+json", 200, 5],
    [applied, configMapNamed("applied"), "apply-patch+yaml", 201, 4],
    [applied, configMapNamed("applied", { a: "1" }), "apply-patch+yaml", 200, 5],
  ];
  for (const [line, body, type, status, turns] of steps) {
    const had = await turnsUntil(ask(line, body, { "content-type": `application/${type}` }), status);
    assert.ok(had >= turns, `${line}: ${had} turns instead of ${turns}`);
  }
});

test("a body of more values than an object can hold is refused before any work is done", async () => {
  const data = Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [`k${index}`, ""]));
  for (const line of [`POST ${maps}`, applied.replace("applied", "many")]) {
    const type = line.startsWith("POST") ? "json" : "apply-patch+yaml";
    const answer = await ask(line, configMapNamed("many", data), { "content-type": `application/${type}` });
    assert.equal(answer.status, 413);
    assert.match(answer.body.message ?? "", /more than 100000 fields and elements/);
  }
  assert.equal((await ask(`GET ${maps}/many`)).status, 404);
});

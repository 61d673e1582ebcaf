import assert from "node:assert/strict";
import { test } from "node:test";
import type { Priority } from "../telemetry/mod.ts";
import { Admission, type AdmissionOptions, type Admitted } from "./admission.ts";
import { Turn } from "./turn.ts";

function aRequest(changes: Partial<Admitted> = {}): Admitted {
  return { priority: undefined, atEnd: undefined, startedMs: 0, deadlineMs: 30_000, ...changes };
}

/** An admission whose turns of the event loop a test ends. */
function admitting(options: AdmissionOptions) {
  let end = () => {};
  const turn = new Turn((callback) => {
    end = callback;
  });
  const admission = new Admission(options, { lines: [turn] });
  const enter = (ofRoute: Priority, changes: Partial<Admitted> = {}) => {
    const request = aRequest(changes);
    try {
      admission.enter(request, ofRoute);
      return request;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return { enter, endTurn: () => end() };
}

const tooMany = "there is too much to do: too many requests are being answered";
const tooLate = "there is too much to do: requests wait too long for their turn";

test("what matters least is refused first, and room is kept for what matters most, until there is none", () => {
  const { enter } = admitting({ maxInFlight: 10 });
  const taken = (priority: Priority, tries: number) =>
    Array.from({ length: tries }, () => enter(priority)).filter((result) => typeof result !== "string");
  const background = taken("background", 20);
  assert.equal(background.length, 5);
  assert.equal(taken("normal", 20).length, 3);
  assert.equal(taken("critical", 20).length, 2);
  assert.equal(enter("critical"), tooMany);
  background[0]?.atEnd?.();
  assert.equal(enter("normal"), tooMany);
  assert.notEqual(enter("critical"), tooMany);
});

test("who has waited too long for the event loop is refused, the less urgent sooner; with the next turn all begins anew", () => {
  const { enter, endTurn } = admitting({ maxDelayMs: 100 });
  const waited = (priority: Priority, startedMs: number) =>
    typeof enter(priority, { startedMs }) !== "string";
  assert.ok(waited("background", 1_000), "the first of a turn has waited for nobody");
  assert.deepEqual([waited("background", 1_050), waited("background", 1_051)], [true, false]);
  assert.deepEqual([waited("normal", 1_080), waited("normal", 1_081)], [true, false]);
  assert.deepEqual([waited("critical", 1_100), waited("critical", 1_101)], [true, false]);
  assert.equal(enter("normal", { startedMs: 1_200 }), tooLate);
  endTurn();
  assert.ok(waited("background", 1_300));
});

test("nothing is done for who has stopped waiting before it was their turn", () => {
  const { enter } = admitting({});
  enter("normal", { startedMs: 0 });
  assert.equal(typeof enter("normal", { startedMs: 50, deadlineMs: 100 }), "object");
  assert.equal(
    enter("normal", { startedMs: 51, deadlineMs: 101 }),
    "the deadline had passed before it was its turn",
  );
});

test("a caller may say that a request matters less; that it matters more is believed where all callers are services", () => {
  const cases: [
    believed: AdmissionOptions["priorities"],
    said: Priority | undefined,
    route: Priority,
    becomes: Priority,
  ][] = [
    ["routes", undefined, "critical", "critical"],
    ["routes", "background", "critical", "background"],
    ["routes", "critical", "normal", "normal"],
    ["callers", undefined, "background", "background"],
    ["callers", "critical", "normal", "critical"],
  ];
  for (const [believed, said, route, becomes] of cases) {
    const request = aRequest({ priority: said });
    new Admission({ priorities: believed ?? "routes" }).enter(request, route);
    assert.equal(request.priority, becomes);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "#base";
import { Health } from "./health.ts";

test("however many ask at once, each check runs once: strangers who ask for its health do not bring down its database", async () => {
  const health = new Health(() => "ready", systemClock);
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  health.add("database", "ready", () => {
    runs += 1;
    return gate.promise;
  });
  const asked = [health.report(["ready"]), health.report(["live", "ready"]), health.report(["ready"])];
  gate.resolve();
  for (const { status } of await Promise.all(asked)) assert.equal(status, "ok");
  assert.equal(runs, 1);
  await health.report(["ready"]);
  assert.equal(runs, 2, "who asks later has it run anew");
});

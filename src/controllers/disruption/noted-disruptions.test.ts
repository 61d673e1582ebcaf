import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodDisruptionBudget } from "#api";
import { VirtualClock } from "#testing";
import { NotedDisruptions } from "./noted-disruptions.ts";

const longAgo = "2020-01-01T00:00:00Z";

function noting(disruptedPods: Record<string, string>): PodDisruptionBudget {
  return { metadata: { name: "web", namespace: "shop" }, status: { disruptedPods } };
}

test("a note counts from when it was first seen, whatever time it bears: the API server's clock may be wrong", async () => {
  const clock = new VirtualClock();
  const noted = new NotedDisruptions(clock);
  assert.equal(noted.look(noting({ a: longAgo }))("a", longAgo), 0);
  await clock.advance(30_000);
  const knownForMs = noted.look(noting({ a: longAgo, b: longAgo }));
  assert.equal(knownForMs("a", longAgo), 30_000);
  assert.equal(knownForMs("b", longAgo), 0);
  noted.look(noting({ b: longAgo }));
  assert.equal(noted.look(noting({ a: longAgo }))("a", longAgo), 0);
});

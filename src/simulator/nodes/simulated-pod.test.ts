import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { randomFor } from "../time/seeds.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { type Behaviour, ordinary } from "./behaviour.ts";
import { SimulatedPod } from "./simulated-pod.ts";

test("a pod that does not start tries again, for ever", async () => {
  const { pod, pass } = podThat({ ...ordinary, startFailureRate: 1 });
  pod.begin();
  await pass(3_600_000);
  assert.equal(pod.state, "backingOff");
  assert.ok(pod.restarts > 10, `${pod.restarts} restarts`);
});

test("a pod whose failures in a row have a limit starts after them", async () => {
  const { pod, pass } = podThat({ ...ordinary, startFailureRate: 1, startFailuresInRow: 5 });
  pod.begin();
  await pass(3_600_000);
  assert.equal(pod.state, "ready");
  assert.equal(pod.restarts, 5);
});

function podThat(behaviour: Behaviour): {
  readonly pod: SimulatedPod;
  readonly pass: (ms: number) => Promise<void>;
} {
  const clock = new VirtualClock(0);
  const object: Pod = { metadata: { name: "web" }, spec: { containers: [{ name: "main", image: "web:1" }] } };
  const pod = new SimulatedPod(
    { pod: object, behaviour, address: "10.64.0.2", restarts: 0, before: undefined },
    { clock, random: randomFor(1, "node"), slowness: () => 1, onChange: () => {} },
  );
  return { pod, pass: (ms) => clock.run(ms) };
}

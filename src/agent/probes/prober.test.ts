import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "#api";
import { seededRandom } from "#base";
import { simulatedImages, simulatedRuntime } from "#runtime";
import { VirtualClock } from "#testing";
import type { Fact } from "../pods/facts.ts";
import { podOf } from "../testing/play.ts";
import { Prober } from "./prober.ts";

/** Probes a container whose server answers as `healthy` says; tells what came of it when. */
function probing(probes: Partial<Container>, healthy: (afterMs: number) => boolean) {
  const clock = new VirtualClock();
  const startedAt = clock.now();
  const log: string[] = [];
  const say = (text: string) => void log.push(`${(clock.now() - startedAt) / 1000}s ${text}`);
  let asked = 0;
  const images = simulatedImages({ clock, present: ["busybox"] });
  const container = { name: "main", image: "busybox", ...probes };
  const prober = new Prober({
    pod: podOf({ main: [container] }),
    container,
    id: "id",
    startedAt,
    address: "10.244.0.2",
    adopted: undefined,
    runtime: simulatedRuntime({ clock, images }),
    dialer: {
      httpGet: async () => {
        asked += 1;
        return { status: healthy(clock.now() - startedAt) ? 200 : 503, body: "" };
      },
      tcp: async () => {},
      grpcHealth: async () => "SERVING",
    },
    events: {
      normal: () => {},
      warning: (_about, reason) => say(reason),
      node: () => {},
      flush: async () => {},
    },
    clock,
    random: seededRandom(1),
    learn: (fact) => say(describe(fact)),
  });
  return { clock, log, prober, asked: () => asked };
}

function describe(fact: Fact): string {
  if (fact.type === "killWanted") return `kill ${fact.kill.message}`;
  if (fact.type !== "probed") return fact.type;
  return [
    ...(fact.started === undefined ? [] : [fact.started ? "started" : "not started"]),
    ...(fact.ready === undefined ? [] : [fact.ready ? "ready" : "not ready"]),
  ].join(" ");
}

const httpGet = { path: "/", port: 80 };

test("a server that needs a moment is ready soon after, and nobody complains", async () => {
  const { clock, log } = probing({ readinessProbe: { httpGet } }, (afterMs) => afterMs >= 150);
  await clock.advance(60_000);
  assert.deepEqual(log, ["0s started not ready", "0.3s ready"]);
});

test("a server that is not there after a second is found wanting, then once a period", async () => {
  const { clock, log } = probing({ readinessProbe: { httpGet } }, (afterMs) => afterMs >= 20_000);
  await clock.advance(60_000);
  assert.deepEqual(log, ["0s started not ready", "1s Unhealthy", "11s Unhealthy", "21s ready"]);
});

test("an initial delay is kept", async () => {
  const probe = { httpGet, initialDelaySeconds: 5, periodSeconds: 3 };
  const { clock, log, asked } = probing({ readinessProbe: probe }, () => true);
  await clock.advance(4_999);
  assert.equal(asked(), 0);
  await clock.advance(1);
  assert.deepEqual(log, ["0s started not ready", "5s ready"]);
});

test("liveness and readiness wait for the startup probe, and its failures are counted by its period", async () => {
  const probes = {
    startupProbe: { httpGet, periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { httpGet, periodSeconds: 1, failureThreshold: 1 },
    readinessProbe: { httpGet, periodSeconds: 1 },
  };
  const slow = probing(probes, (afterMs) => afterMs >= 12_000);
  await slow.clock.advance(30_000);
  assert.deepEqual(slow.log, ["5s Unhealthy", "10s Unhealthy", "15s started not ready", "15s ready"]);
  const dead = probing(probes, () => false);
  await dead.clock.advance(30_000);
  assert.deepEqual(dead.log, [
    "5s Unhealthy",
    "10s Unhealthy",
    "15s Unhealthy",
    "15s kill Container main failed startup probe, will be restarted",
  ]);
});

test("a container is not killed before its liveness probe has failed for as many periods as it may", async () => {
  const probe = { httpGet, periodSeconds: 10, failureThreshold: 2, initialDelaySeconds: 15 };
  const { clock, log } = probing({ livenessProbe: probe }, () => false);
  await clock.advance(60_000);
  assert.deepEqual(log, [
    "0s started ready",
    "20s Unhealthy",
    "30s Unhealthy",
    "30s kill Container main failed liveness probe, will be restarted",
  ]);
});

test("a probe that has to succeed twice does so a period apart", async () => {
  const probe = { httpGet, periodSeconds: 2, successThreshold: 2 };
  const { clock, log } = probing({ readinessProbe: probe }, () => true);
  await clock.advance(10_000);
  assert.deepEqual(log, ["0s started not ready", "2.1s ready"]);
});

test("a pod that ends is still asked whether it serves, not whether it lives", async () => {
  const probe = { httpGet, periodSeconds: 1, failureThreshold: 1 };
  let healthy = true;
  const { clock, log, prober } = probing({ livenessProbe: probe, readinessProbe: probe }, () => healthy);
  await clock.advance(2_500);
  prober.readinessOnly();
  healthy = false;
  await clock.advance(5_000);
  prober.close();
  await clock.advance(5_000);
  assert.equal(
    log.some((line) => line.includes("kill")),
    false,
  );
  assert.ok(log.some((line) => line.endsWith(" not ready")));
  assert.ok(Number.parseFloat(log.at(-1) ?? "") < 8);
});

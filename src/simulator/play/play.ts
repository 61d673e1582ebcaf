import { isAborted, messageOf } from "#base";
import type { Scenario, ScenarioAction } from "../scenario/scenario.ts";
import { type CapacitySample, sampleCapacity } from "./capacity-log.ts";
import { failuresOf } from "./failures.ts";
import { limits } from "./limits.ts";
import type { PodLog } from "./pod-log.ts";
import type { ServiceMeter } from "./service-meter.ts";
import { ServiceMeters } from "./service-meters.ts";
import { Stage } from "./stage.ts";

export interface PlayOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Told how far it is, in milliseconds of the scenario. */
  readonly onProgress?: (atMs: number) => void;
}

/** All that was seen while a scenario was played. */
export interface Played {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly services: readonly ServiceMeter[];
  readonly capacity: readonly CapacitySample[];
  readonly pods: Pick<PodLog, "waits" | "evictions" | "outOfMemory">;
  readonly events: readonly PlayedEvent[];
  /** What had not come to rest when the time for it was over. */
  readonly stillMoving: readonly string[];
  /** Of the run as a whole: two runs of one seed have the same. */
  readonly hash: string;
}

/** Something that happened because the scenario, or a machine, wanted it. */
export interface PlayedEvent {
  readonly atMs: number;
  readonly words: string;
  /** Why it did not happen as it should. */
  problem: string | undefined;
}

/**
 * Plays a scenario: the cluster comes to rest, what is to happen happens, and it comes to rest again.
 *
 *   warm-up ── at rest ── events, load, failures ── end ── at rest, within a stated time
 *
 * Throws `ScenarioError` for objects that the API refuses; an error when the cluster never came to rest at the beginning.
 */
export async function play({ scenario, seed, signal, onProgress }: PlayOptions): Promise<Played> {
  let meters: ServiceMeters | undefined;
  let isPlaying = false;
  const stage: Stage = new Stage({
    scenario,
    seed,
    signal,
    beforeChange: () => {
      if (!isPlaying) return;
      meters?.advance(stage.atMs);
      meters?.forget();
    },
  });
  await stage.setUp();
  meters = metersOf(stage, scenario);
  isPlaying = true;
  const events = scheduled(stage, scenario, seed);
  const capacity: CapacitySample[] = [];
  const sample = () => capacity.push(sampleCapacity(stage.observation, stage.atMs, stage.podLog.pending));
  sample();
  for (let atMs = 0; atMs < scenario.durationMs; ) {
    atMs = Math.min(scenario.durationMs, atMs + limits.stepMs);
    await stage.passUntil(atMs);
    meters.advance(atMs);
    if (atMs % limits.sampleMs === 0 || atMs === scenario.durationMs) sample();
    onProgress?.(atMs);
  }
  isPlaying = false;
  const settledByMs = scenario.durationMs + scenario.settleMs;
  while (stage.moving().length > 0 && stage.atMs < settledByMs)
    await stage.passUntil(stage.atMs + limits.stepMs);
  const played: Played = {
    scenario,
    seed,
    services: meters.all,
    capacity,
    pods: stage.podLog,
    events,
    stillMoving: stage.moving(),
    hash: stage.simulation.trace.hash,
  };
  stage.simulation.end();
  return played;
}

function metersOf(stage: Stage, scenario: Scenario): ServiceMeters {
  const options = scenario.services.map((model) => {
    const own = `${model.namespace}/${model.name}`;
    const surges = scenario.events.flatMap(({ action }) =>
      action.do === "load" && action.surge.service === own ? [action.surge] : [],
    );
    return {
      model,
      surges,
      observation: stage.observation,
      durationMs: scenario.durationMs,
      startOfDayMs: scenario.startAt % 86_400_000,
    };
  });
  return new ServiceMeters(options);
}

/** Sets a timer for everything that is to happen; answers with the list in which it is written down. */
function scheduled(stage: Stage, scenario: Scenario, seed: number): readonly PlayedEvent[] {
  const happened: PlayedEvent[] = [];
  const at = (atMs: number, words: string, act: () => Promise<void> | void) => {
    stage.simulation.clock.setTimer(atMs - stage.atMs, () => {
      const event: PlayedEvent = { atMs, words, problem: undefined };
      happened.push(event);
      // What fails has happened all the same, otherwise than the scenario wanted: the report says so.
      Promise.resolve()
        .then(act)
        .catch((error) => {
          if (!isAborted(error)) event.problem = messageOf(error);
        });
    });
  };
  for (const { atMs, words, action } of scenario.events) at(atMs, words, () => perform(stage, action));
  for (const node of scenario.nodes) {
    const simulated = stage.simulation.fleet.nodes.get(node.shape.name);
    if (!simulated) continue;
    for (const { atMs, forMs } of failuresOf(node, { seed, durationMs: scenario.durationMs })) {
      at(atMs, `node ${simulated.name} fails`, () => stage.outages.begin(simulated, "failure"));
      const backMs = Math.min(atMs + forMs, scenario.durationMs);
      at(backMs, `node ${simulated.name} is back`, () => stage.outages.end(simulated, "failure"));
    }
  }
  return happened;
}

async function perform(stage: Stage, action: ScenarioAction): Promise<void> {
  switch (action.do) {
    case "lose":
      for (const node of simulated(stage, action)) stage.outages.begin(node, "scenario");
      return;
    case "restore":
      for (const node of simulated(stage, action)) stage.outages.end(node, "scenario");
      return;
    case "drain":
      await Promise.all(action.nodes.map((node) => stage.actions.drain(node)));
      return;
    case "uncordon":
      await Promise.all(action.nodes.map((node) => stage.actions.cordon(node, false)));
      return;
    case "deploy":
      for (const { object } of action.objects) await stage.actions.apply(object);
      return;
    case "scale":
      return stage.actions.scale(action.workload, action.replicas);
    case "load":
      // Loads are measured, not made: the meter of the service knows the surge.
      return;
  }
}

function simulated(stage: Stage, { nodes }: Extract<ScenarioAction, { nodes: readonly string[] }>) {
  return nodes.flatMap((name) => stage.simulation.fleet.nodes.get(name) ?? []);
}

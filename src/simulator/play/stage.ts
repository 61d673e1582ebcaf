import { compileLabelMap, type Pod, type StatefulSet } from "#api";
import { ApiError, messageOf, unavailable } from "#base";
import type { Behaviour } from "../nodes/mod.ts";
import { ordinary } from "../nodes/mod.ts";
import { stillMoving } from "../runs/still-moving.ts";
import { type Mistake, ScenarioError } from "../scenario/mistakes.ts";
import type { PlacedObject, Scenario, ServiceModel } from "../scenario/scenario.ts";
import { Simulation } from "../simulation.ts";
import { Actions } from "./actions.ts";
import { creationFailureOf } from "./creation-failure.ts";
import { limits } from "./limits.ts";
import { Observation } from "./observation.ts";
import { Outages } from "./outages.ts";
import { PodLog } from "./pod-log.ts";

export interface StageOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Called before anything changes that can be seen. */
  readonly beforeChange: () => void;
}

/** The cluster of a scenario with everything that it begins with: the real control plane, and a simulated fleet. */
export class Stage {
  readonly simulation: Simulation;
  readonly observation: Observation;
  readonly podLog: PodLog;
  readonly outages = new Outages();
  readonly actions: Actions;
  readonly #options: StageOptions;
  #failure: string | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    const { scenario, seed, beforeChange } = options;
    this.podLog = new PodLog(() => this.atMs);
    this.observation = new Observation({
      beforeChange,
      onPod: (pod, before) => this.podLog.onPod(pod, before),
      onOutOfMemory: (pod) => this.podLog.onOutOfMemory(pod),
    });
    this.simulation = new Simulation({
      seed,
      startAt: scenario.startAt - limits.warmUpMs,
      nodes: scenario.nodes.map(({ shape }) => shape),
      replicas: 1,
      behaviourOf: (pod) => this.#behaviourOf(pod),
      observer: this.observation,
      onOpen: (store) => this.observation.attach(store),
      onFailure: (message) => {
        this.#failure ??= message;
        this.simulation.clock.stop();
      },
    });
    this.actions = new Actions(this.simulation.client("scenario"), this.simulation.clock);
  }

  /** Time since the scenario's beginning, in milliseconds; below zero before it. */
  get atMs(): number {
    return this.simulation.clock.monotonicMs() - limits.warmUpMs;
  }

  /** Lets time pass up to a time of the scenario. */
  async passUntil(atMs: number): Promise<void> {
    const { signal } = this.#options;
    const { clock } = this.simulation;
    signal.throwIfAborted();
    const stop = () => clock.stop();
    signal.addEventListener("abort", stop);
    await clock.run(Math.max(0, atMs - this.atMs)).finally(() => signal.removeEventListener("abort", stop));
    signal.throwIfAborted();
    if (this.#failure !== undefined)
      throw new Error(`a program of the simulated cluster ended: ${this.#failure}`);
  }

  /** What has not come to rest. */
  moving(): string[] {
    const { nodes, deployments, statefulSets, jobs, pods } = this.observation;
    const movables = {
      nodes: nodes.values(),
      deployments: deployments.values(),
      statefulSets: statefulSets.values(),
      jobs: jobs.values(),
      pods: pods.values(),
      creationFailureOf: (set: StatefulSet) => creationFailureOf(this.simulation.controlPlane.store, set),
    };
    return stillMoving(movables, { lost: this.outages.lost, rests: "what can" });
  }

  /**
   * Starts the cluster, brings in the scenario's objects, and lets it come to rest. Throws `ScenarioError` for objects that the API refuses, and
   * an error when the cluster does not come to rest before the scenario begins.
   */
  async setUp(): Promise<void> {
    const { scenario } = this.#options;
    await this.simulation.start();
    await this.passUntil(this.atMs + limits.registerMs);
    for (const node of scenario.nodes) await this.#answered(this.actions.furnish(node));
    const later = scenario.events.flatMap(({ action }) => (action.do === "deploy" ? action.objects : []));
    await this.#answered(this.actions.makeNamespaces([...scenario.objects, ...later]));
    await this.passUntil(this.atMs + 1_000);
    await this.#applyAll(scenario.objects, { dryRun: false });
    await this.#applyAll(later, { dryRun: true });
    await this.passUntil(0);
    const moving = this.moving();
    if (moving.length === 0) return;
    const minutes = limits.warmUpMs / 60_000;
    throw unavailable(
      `the cluster did not come to rest within ${minutes} minutes before the scenario begins; still moving:\n${named(moving)}`,
    );
  }

  /** Every object, so that all that are refused are told of. */
  async #applyAll(objects: readonly PlacedObject[], how: { readonly dryRun: boolean }): Promise<void> {
    const mistakes: Mistake[] = [];
    for (const placed of objects) {
      try {
        await this.#answered(this.actions.apply(placed.object, how));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        mistakes.push(...refusals(placed, error));
      }
    }
    if (mistakes.length > 0) throw new ScenarioError(mistakes);
  }

  /** Lets time pass until there is an answer. */
  async #answered(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    const untilMs = this.atMs + limits.answerWithinMs;
    while (!isDone && this.atMs < untilMs) await this.passUntil(this.atMs + limits.answerStepMs);
    if (!isDone)
      throw unavailable(`the simulated API server has not answered for ${limits.answerWithinMs / 1000} s`);
    await work;
  }

  #behaviourOf(pod: Pod): Behaviour {
    const model = this.#options.scenario.services.find((service) => isOf(service, pod))?.pods;
    const { usage } = ordinary;
    return {
      ...ordinary,
      // Startup is said as one: from bound to ready.
      ...(model?.startMs ? { startMs: model.startMs, readyMs: [0, 0] as const } : {}),
      ...(model?.stopMs ? { stopMs: model.stopMs } : {}),
      crashesPerHour: (model?.crashesPerDay ?? 0) / 24,
      ...(pod.spec?.restartPolicy === "Always" ? {} : { runsForMs: [10_000, 120_000] as const }),
      usage: {
        ...usage,
        memoryBytes: model?.memoryBytes ?? usage.memoryBytes,
        isMemoryAssumed: model?.memoryBytes === undefined,
        leakBytesPerHour: model?.leakBytesPerHour ?? 0,
      },
    };
  }
}

/** By what the scenario says, not by what the API has yet: a Service may come right after its pods. */
function isOf({ namespace, selectors }: ServiceModel, { metadata }: Pod): boolean {
  if (metadata?.namespace !== namespace) return false;
  return selectors.some((selector) => compileLabelMap(selector).matches(metadata?.labels));
}

/** The first lines of what still moves. */
export function named(moving: readonly string[]): string {
  const more = moving.length - limits.movingNamed;
  const lines = moving.slice(0, limits.movingNamed).map((line) => `  ${line}`);
  return [...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

/** What the API says against an object, each at the field that it is about. */
function refusals({ object, place, placeOf }: PlacedObject, error: ApiError): Mistake[] {
  const causes = error.details?.causes ?? [];
  const about = `${object.kind} ${object.metadata?.name}`;
  if (causes.length === 0) return [{ place, message: `${about} is refused: ${messageOf(error)}` }];
  return causes.map(({ field = "", message = error.message }) => ({
    place: placeOf(field),
    message: `${about} is refused: ${field ? `${field}: ` : ""}${message}`,
  }));
}

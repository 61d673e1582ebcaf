import type { Container, Pod } from "#api";
import { type Action, advance } from "../pods/decide.ts";
import { type Fact, learn } from "../pods/facts.ts";
import { newObservation, type Observation, type PresentImage } from "../pods/observation.ts";
import { podStatus } from "../status/pod-status.ts";

/** What a container does when it is started: how long it runs, and what it ends with. Absent: it runs for ever. */
export type Script = (
  container: string,
  attempt: number,
) => { readonly runsMs: number; readonly exitCode: number } | undefined;

export interface PlayOptions {
  readonly script?: Script;
  /** What an action's end is told as, when it does not simply succeed. */
  readonly outcome?: (action: Action) => Fact | undefined;
}

interface Due {
  readonly at: number;
  readonly fact: Fact;
}

const image: PresentImage = {
  reference: "busybox",
  id: "sha256:0",
  name: "docker.io/library/busybox:latest",
};

/** Plays a pod's life in virtual time: decisions, what they set in motion, and a log of it all. No I/O anywhere. */
export class Play {
  /** `0s start main#0`: what was done when. */
  readonly log: string[] = [];
  pod: Pod;
  readonly #options: PlayOptions;
  readonly #start = Date.UTC(2026, 0, 1);
  #now: number = this.#start;
  #due: Due[] = [];
  #sequence = 0;
  seen: Observation;

  constructor(pod: Pod, options: PlayOptions = {}) {
    this.pod = pod;
    this.#options = options;
    const names = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
      (one) => one.name,
    );
    this.seen = newObservation(names, this.#now);
  }

  get now(): number {
    return this.#now;
  }

  get status() {
    return podStatus(this.pod, this.seen, {
      hostAddresses: ["192.0.2.1"],
      before: undefined,
      now: this.#now,
    });
  }

  /** Somebody adds an ephemeral container. */
  debug(name: string): this {
    const { spec } = this.pod;
    const ephemeralContainers = [...(spec?.ephemeralContainers ?? []), { name, image: "busybox" }];
    this.pod = { ...this.pod, spec: { containers: [], ...spec, ephemeralContainers } };
    return this.tell({ type: "containerAdded", container: name });
  }

  tell(fact: Fact): this {
    this.seen = learn(this.seen, fact, this.#now);
    return this;
  }

  /** Lets time pass, at most so many seconds, until nothing more happens. */
  run(seconds: number): this {
    const end = this.#now + seconds * 1000;
    for (let step = 0; step < 10_000; step += 1) {
      const { observation, actions, wakeAt } = advance(this.pod, this.seen, this.#now);
      this.seen = observation;
      for (const action of actions) this.#perform(action);
      if (actions.length > 0) continue;
      const [next] = this.#due.sort((a, b) => a.at - b.at);
      const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, wakeAt ?? Number.POSITIVE_INFINITY);
      if (at > end) break;
      this.#now = Math.max(this.#now, at);
      if (next && next.at <= this.#now) {
        this.#due.shift();
        this.tell(next.fact);
      }
    }
    this.#now = Math.max(this.#now, end);
    return this;
  }

  #perform(action: Action): void {
    this.log.push(`${(this.#now - this.#start) / 1000}s ${describe(action)}`);
    const fact = this.#options.outcome?.(action) ?? this.#success(action);
    if (fact) this.#due.push({ at: this.#now, fact });
  }

  #success(action: Action): Fact | undefined {
    switch (action.type) {
      case "mountVolumes":
        return { type: "volumesMounted" };
      case "createSandbox":
        return { type: "sandboxReady", sandbox: { addresses: ["10.244.0.2"] } };
      case "pullImage":
        return { type: "imagePresent", container: action.container, image };
      case "startContainer":
        return this.#started(action.container, action.attempt);
      case "stopContainer":
        return this.#exit(action.container, 143, this.#now);
      case "clean":
        return { type: "cleaned" };
      case "deletePod":
        return { type: "gone" };
      default:
        return undefined;
    }
  }

  #started(container: string, attempt: number): undefined {
    this.#sequence += 1;
    const script = this.#options.script?.(container, attempt);
    const run = { is: "running", id: `id${this.#sequence}`, attempt, startedAt: this.#now, image } as const;
    if (script) {
      const finishedAt = this.#now + script.runsMs;
      const { exitCode } = script;
      const reason = exitCode === 0 ? "Completed" : "Error";
      const ended = { ...run, is: "exited", finishedAt, exitCode, reason, message: "" } as const;
      // One that ends at once may be known to have ended before it is known to have started.
      this.#due.push({ at: finishedAt, fact: { type: "exited", container, run: ended } });
    }
    this.#due.push({ at: this.#now, fact: { type: "started", container, run, hook: false } });
    this.#due.push({ at: this.#now, fact: { type: "probed", container, started: true, ready: true } });
    return undefined;
  }

  #exit(container: string, exitCode: number, finishedAt: number): Fact | undefined {
    const run = this.seen.containers[container]?.run;
    if (run?.is !== "running") return undefined;
    return {
      type: "exited",
      container,
      run: { ...run, is: "exited", finishedAt, exitCode, reason: "Error", message: "" },
    };
  }
}

function describe(action: Action): string {
  switch (action.type) {
    case "startContainer":
      return `start ${action.container}#${action.attempt}`;
    case "stopContainer":
      return `stop ${action.container} ${action.graceMs / 1000}s`;
    case "pullImage":
      return `pull ${action.container}`;
    case "announceBackOff":
      return `back-off ${action.container} ${action.delayMs / 1000}s`;
    case "announcePullBackOff":
      return `pull back-off ${action.container}`;
    default:
      return action.type;
  }
}

/** A pod of containers that need nothing. */
export function podOf(spec: {
  readonly init?: readonly (string | Container)[];
  readonly main?: readonly (string | Container)[];
  readonly restartPolicy?: string;
  readonly graceSeconds?: number;
  readonly deadlineSeconds?: number;
}): Pod {
  const container = (one: string | Container): Container =>
    typeof one === "string" ? { name: one, image: "busybox" } : { image: "busybox", ...one };
  return {
    metadata: { name: "web", namespace: "default", uid: "u1" },
    spec: {
      containers: (spec.main ?? ["main"]).map(container),
      ...(spec.init ? { initContainers: spec.init.map(container) } : {}),
      restartPolicy: spec.restartPolicy ?? "Always",
      terminationGracePeriodSeconds: spec.graceSeconds ?? 30,
      ...(spec.deadlineSeconds === undefined ? {} : { activeDeadlineSeconds: spec.deadlineSeconds }),
    },
  };
}

export const sidecar = (name: string): Container => ({ name, restartPolicy: "Always" });

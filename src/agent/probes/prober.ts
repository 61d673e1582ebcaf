import type { Container, Pod, Probe } from "#api";
import type { Clock, Random, Timer } from "#base";
import type { ContainerRuntime } from "#runtime";
import type { EventRecorder } from "../events.ts";
import { limits } from "../limits.ts";
import type { Fact } from "../pods/facts.ts";
import { checkProbe, type Finding } from "./check.ts";
import type { ProbeDialer } from "./dialer.ts";

export type ProbeKind = "Startup" | "Liveness" | "Readiness";

/** In a row. */
interface Tally {
  successes: number;
  failures: number;
}

export interface ProberOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly id: string;
  /** When the container started, milliseconds since the epoch: initial delays count from there. */
  readonly startedAt: number;
  readonly address: string;
  /** As the API last knew it: a container that was ready stays so while a new agent finds its feet. */
  readonly adopted: { readonly started: boolean; readonly ready: boolean } | undefined;
  readonly runtime: ContainerRuntime;
  readonly dialer: ProbeDialer;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly learn: (fact: Fact) => void;
}

/** Probes one run of one container: first the startup probe, then liveness and readiness side by side. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #aborter = new AbortController();
  readonly #timers = new Map<ProbeKind, Timer>();
  #ready = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    const { container, adopted } = options;
    if (container.startupProbe && !adopted?.started) this.#begin("Startup", container.startupProbe);
    else this.#started();
  }

  close(): void {
    this.#aborter.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** The pod is ending: it may still say whether it serves, but is not killed for being unwell. */
  readinessOnly(): void {
    for (const kind of ["Startup", "Liveness"] as const) {
      this.#timers.get(kind)?.cancel();
      this.#timers.delete(kind);
    }
  }

  #started(): void {
    const { container, learn, adopted } = this.#options;
    const { livenessProbe, readinessProbe } = container;
    const ready = readinessProbe ? (adopted?.ready ?? false) : true;
    this.#ready = ready;
    learn({ type: "probed", container: container.name, started: true, ready });
    if (livenessProbe) this.#begin("Liveness", livenessProbe);
    if (readinessProbe) this.#begin("Readiness", readinessProbe);
  }

  #begin(kind: ProbeKind, probe: Probe): void {
    const { clock, random, startedAt, adopted } = this.#options;
    const tally = { successes: 0, failures: 0 };
    const begin = (atMs: number) =>
      this.#schedule(kind, Math.max(atMs - clock.now(), 0), () => this.#ask(kind, probe, tally));
    // After a restart of the agent all probes would fall due together: spread them over their period.
    const delayMs = (probe.initialDelaySeconds ?? 0) * 1000;
    if (adopted) begin(clock.now() + random.float() * periodMs(probe));
    else if (kind !== "Liveness" && delayMs === 0) this.#look(kind, probe, tally, limits.firstLookMs);
    else begin(startedAt + (kind === "Readiness" ? delayMs : firstFailureMs(kind, probe)));
  }

  /** Looks early, for good news only: what fails before it can be expected to work is no failure. */
  #look(kind: ProbeKind, probe: Probe, tally: Tally, pauseMs: number): void {
    const { clock, startedAt } = this.#options;
    const until = startedAt + firstFailureMs(kind, probe);
    const lookAt = clock.now() + pauseMs;
    if (lookAt >= Math.min(until, startedAt + limits.firstLooksUntilMs)) {
      this.#schedule(kind, Math.max(until - clock.now(), 0), () => this.#ask(kind, probe, tally));
      return;
    }
    this.#schedule(kind, pauseMs, async () => {
      const finding = await checkProbe(probe, { ...this.#options, signal: this.#aborter.signal });
      if (this.#aborter.signal.aborted || !this.#timers.has(kind)) return;
      if (!finding.healthy) return this.#look(kind, probe, tally, pauseMs * 2);
      tally.successes += 1;
      if (this.#concludes(kind, probe, tally, finding)) return;
      this.#schedule(kind, periodMs(probe), () => this.#ask(kind, probe, tally));
    });
  }

  async #ask(kind: ProbeKind, probe: Probe, tally: Tally): Promise<void> {
    const { clock, events, pod, container } = this.#options;
    const begunAt = clock.monotonicMs();
    const finding = await checkProbe(probe, { ...this.#options, signal: this.#aborter.signal });
    // Readings that come in after the end, or after the pod began to stop, count for nothing.
    if (this.#aborter.signal.aborted || !this.#timers.has(kind)) return;
    if (finding.healthy) {
      tally.successes += 1;
      tally.failures = 0;
    } else {
      tally.failures += 1;
      tally.successes = 0;
      const message = finding.message.slice(0, limits.probeMessageBytes);
      events.warning({ pod, container: container.name }, "Unhealthy", `${kind} probe failed: ${message}`);
    }
    if (this.#concludes(kind, probe, tally, finding)) return;
    const elapsedMs = clock.monotonicMs() - begunAt;
    this.#schedule(kind, Math.max(periodMs(probe) - elapsedMs, 0), () => this.#ask(kind, probe, tally));
  }

  /** Draws the consequences; true when this probe has done its work. */
  #concludes(
    kind: ProbeKind,
    probe: Probe,
    tally: { readonly successes: number; readonly failures: number },
    finding: Finding,
  ): boolean {
    const { learn, container } = this.#options;
    const name = container.name;
    if (
      finding.healthy
        ? tally.successes < (probe.successThreshold ?? 1)
        : tally.failures < (probe.failureThreshold ?? 3)
    ) {
      return false;
    }
    if (kind === "Readiness") {
      // A probe that finds what it found before wakes nobody.
      if (this.#ready !== finding.healthy) learn({ type: "probed", container: name, ready: finding.healthy });
      this.#ready = finding.healthy;
      return false;
    }
    if (finding.healthy) {
      if (kind !== "Startup") return false;
      this.#timers.delete(kind);
      this.#started();
      return true;
    }
    const message = `Container ${name} failed ${kind.toLowerCase()} probe, will be restarted`;
    learn({ type: "killWanted", container: name, kill: { message, graceMs: this.#graceMs(probe) } });
    this.close();
    return true;
  }

  #graceMs(probe: Probe): number {
    const seconds =
      probe.terminationGracePeriodSeconds ?? this.#options.pod.spec?.terminationGracePeriodSeconds;
    return (seconds ?? limits.defaultGraceSeconds) * 1000;
  }

  #schedule(kind: ProbeKind, delayMs: number, task: () => Promise<void>): void {
    const { clock } = this.#options;
    this.#timers.set(
      kind,
      clock.setTimer(delayMs, () => void task(), { unref: true }),
    );
  }
}

/**
 * How long after its start a container may first be found unwell. The kubelet's probes tick with their period from before the start on:
 * a first failure comes within a period, that of a readiness probe, which is also asked whenever the pod changes, within a second.
 */
function firstFailureMs(kind: ProbeKind, probe: Probe): number {
  const period = periodMs(probe);
  if (kind === "Readiness") return Math.min(period, limits.firstLooksUntilMs);
  return Math.max(1, Math.ceil(((probe.initialDelaySeconds ?? 0) * 1000) / period)) * period;
}

function periodMs(probe: Probe): number {
  return (probe.periodSeconds ?? 10) * 1000;
}

import type { Container, Pod } from "#api";
import { isAborted, messageOf } from "#base";
import type { AgentContext } from "../context.ts";
import { backOffMs, limits } from "../limits.ts";
import type { ExitedRun, RunningRun } from "../pods/observation.ts";
import type { ProbeDialer } from "../probes/dialer.ts";
import { exitedRun } from "./ended.ts";
import { runHook } from "./hooks.ts";

export interface StopOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly run: RunningRun;
  readonly graceMs: number;
  readonly message: string;
  readonly addresses: readonly string[];
  readonly dialer: ProbeDialer;
  /** False when an earlier stop has already run, or is running, the preStop hook. */
  readonly hook: boolean;
  /** Aborted when the hook has to be cut short, for a nearer end. */
  readonly signal: AbortSignal;
}

/**
 * preStop hook while services let go of the pod, stop signal, grace, SIGKILL. Tries until the container has ended, and
 * says how it did.
 */
export async function stopContainer(context: AgentContext, options: StopOptions): Promise<ExitedRun> {
  const { runtime, clock, events, logger, host } = context;
  const { pod, container, run, message } = options;
  const begunAt = clock.monotonicMs();
  if (options.hook) {
    events.normal({ pod, container: container.name }, "Killing", message);
    await Promise.all([preStop(context, options), departure(context, options)]);
  }
  const spentMs = clock.monotonicMs() - begunAt;
  const least =
    spentMs > 0 && options.hook && container.lifecycle?.preStop ? limits.minimumGraceAfterHookMs : 0;
  const graceMs = Math.max(options.graceMs - spentMs, least);
  for (let failures = 1; ; failures += 1) {
    try {
      await runtime.stopContainer(run.id, { graceMs: failures === 1 ? graceMs : 0 });
      break;
    } catch (error) {
      logger.warn(`stopping container ${container.name}: ${messageOf(error)}`, { pod: pod.metadata?.name });
      await clock.sleep(backOffMs(failures, limits.retryInitialMs, limits.retryMaximumMs));
    }
  }
  const found = (await runtime.containers()).find((one) => one.id === run.id);
  if (found && found.state !== "running") return exitedRun(host, found, clock.now());
  const { id, attempt, startedAt, image } = run;
  const ended = { is: "exited", id, attempt, startedAt, image, finishedAt: clock.now() } as const;
  return {
    ...ended,
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
  };
}

/**
 * Until no service of this node leads to the pod. Kubernetes asks a pod to end while it still gets connections, and leaves
 * it to every server to answer on for a while; here even one that ends at once turns nobody away.
 */
async function departure(context: AgentContext, options: StopOptions): Promise<void> {
  const { clock, departures } = context;
  const { metadata } = options.pod;
  if (!departures || !metadata?.deletionTimestamp) return;
  const late = new AbortController();
  const timer = clock.setTimer(Math.min(limits.departureMs, options.graceMs), () => late.abort());
  const signal = AbortSignal.any([options.signal, late.signal]);
  await departures.left(metadata.uid ?? "", signal).catch(() => {});
  timer.cancel();
}

async function preStop(context: AgentContext, options: StopOptions): Promise<void> {
  const { clock, events, runtime } = context;
  const { pod, container, run, graceMs, addresses, dialer } = options;
  const handler = container.lifecycle?.preStop;
  if (!handler || graceMs <= 0) return;
  const timeout = new AbortController();
  const timer = clock.setTimer(graceMs, () => timeout.abort(new Error("the grace period is over")));
  const signal = AbortSignal.any([options.signal, timeout.signal]);
  try {
    await runHook(handler, { pod, container, id: run.id, addresses, runtime, dialer, clock, signal });
  } catch (error) {
    if (isAborted(error) || signal.aborted) return;
    events.warning(
      { pod, container: container.name },
      "FailedPreStopHook",
      `PreStopHook failed: ${messageOf(error)}`,
    );
  } finally {
    timer.cancel();
  }
}

import { type Clock, isConflict, type Logger, type Metrics, messageOf, type Random } from "#base";
import { isNamespaceTerminating, WorkQueue } from "#client";
import { type Controller, TerminalError } from "./controller.ts";
import { reconcileBuckets } from "./limits.ts";

export interface ControllerRuntime {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the controller: no new key is begun, what runs is told by its signal. */
  readonly signal: AbortSignal;
}

/**
 * Runs a controller until the signal aborts; resolves when its last reconcile has returned.
 *
 *     watches ──keys──► WorkQueue ──► `concurrency` workers ──► reconcile ──► done │ again after a time │ retry with pauses
 */
export async function runController(controller: Controller, runtime: ControllerRuntime): Promise<void> {
  const { signal } = runtime;
  const queue = new WorkQueue(runtime);
  const close = () => queue.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) return;
  const stops = controller.watches.map((watch) => watch.start((key) => queue.add(key)));
  try {
    await Promise.all(controller.watches.map((watch) => watch.synced()));
    const worker = newWorker(controller, queue, runtime);
    await Promise.all(Array.from({ length: controller.concurrency }, worker));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const stop of stops) stop();
    signal.removeEventListener("abort", close);
    queue.close();
  }
}

function newWorker(
  controller: Controller,
  queue: WorkQueue,
  runtime: ControllerRuntime,
): () => Promise<void> {
  const { clock, metrics, signal } = runtime;
  const labels = { controller: controller.name };
  const durations = metrics.histogram(
    "nacre_reconcile_duration_seconds",
    "Time of one reconcile.",
    reconcileBuckets,
  );
  const total = metrics.counter("nacre_reconcile_total", "Reconciles by result.");
  const depth = metrics.gauge("nacre_reconcile_queue_depth", "Keys that wait for a worker.");
  return async () => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      depth.set(queue.length, labels);
      const startMs = clock.monotonicMs();
      const result = await attempt(controller, queue, runtime, key);
      durations.observe((clock.monotonicMs() - startMs) / 1000, labels);
      total.add(1, { ...labels, result });
      queue.done(key);
      if (signal.aborted) return;
    }
  };
}

async function attempt(
  controller: Controller,
  queue: WorkQueue,
  { logger, signal }: ControllerRuntime,
  key: string,
): Promise<"success" | "requeue" | "error" | "terminal"> {
  try {
    const result = await controller.reconcile(key, signal);
    queue.forget(key);
    if (result?.requeueAfterMs === undefined) return "success";
    queue.addAfter(key, result.requeueAfterMs);
    return "requeue";
  } catch (error) {
    if (signal.aborted) return "error";
    const fields = { controller: controller.name, key };
    if (error instanceof TerminalError) {
      queue.forget(key);
      logger.warn(`${controller.name} ${key}: ${error.message}`, fields);
      return "terminal";
    }
    if (isNamespaceTerminating(error)) {
      queue.forget(key);
      return "success";
    }
    const pauseMs = Math.round(queue.retry(key));
    // Somebody else wrote in between: the ordinary course of things, the next look settles it.
    const level = isConflict(error) ? "debug" : "warn";
    logger[level](`${controller.name} ${key}: ${messageOf(error)}; again in ${pauseMs} ms`, fields);
    return "error";
  }
}

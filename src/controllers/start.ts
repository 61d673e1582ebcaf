import { messageOf } from "#base";
import {
  createEventRecorder,
  type EventRecorder,
  Informers,
  type ProgramOptions,
  runAsLeader,
} from "#client";
import { type Controller, runController } from "#reconcile";
import type { ControllerContext } from "./context.ts";
import { builtInControllers } from "./registry.ts";

export interface ControllersOptions extends ProgramOptions {
  /** The cluster's certificate authority, PEM: published to every namespace, so that pods can trust the API server. */
  readonly authority: string;
}

/** Runs the built-in controllers until the signal aborts; resolves when the last one has stopped. */
export function startControllers(options: ControllersOptions): Promise<void> {
  return runAsLeader("kube-controller-manager", options, (signal) => lead(options, signal));
}

async function lead(options: ControllersOptions, signal: AbortSignal): Promise<void> {
  const informers = new Informers({ ...options, signal });
  const recorders = new Map<string, EventRecorder>();
  const recorder = (component: string) => {
    const known = recorders.get(component) ?? createEventRecorder({ ...options, component });
    recorders.set(component, known);
    return known;
  };
  const context: ControllerContext = { ...options, client: informers.client(), informers, recorder, signal };
  const controllers = builtInControllers(context, options);
  await Promise.all(controllers.map((one) => runForever(one, { ...options, signal })));
  await Promise.all(Array.from(recorders.values(), (one) => one.flush()));
}

/** One controller that fails as a whole must not take the others with it. */
async function runForever(
  controller: Controller,
  runtime: ControllersOptions & { signal: AbortSignal },
): Promise<void> {
  const { clock, logger, signal } = runtime;
  while (!signal.aborted) {
    try {
      await runController(controller, runtime);
    } catch (error) {
      logger.error(`controller ${controller.name} stopped: ${messageOf(error)}; starting it again`, {
        error,
      });
      await clock.sleep(restartPauseMs, signal).catch(() => {});
    }
  }
}

/** Pause before a controller that failed as a whole is started again. */
const restartPauseMs = 1_000;

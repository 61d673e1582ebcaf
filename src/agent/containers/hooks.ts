import type { Container, LifecycleHandler, Pod } from "#api";
import { type Clock, messageOf } from "#base";
import type { ContainerRuntime } from "#runtime";
import type { ProbeDialer } from "../probes/dialer.ts";
import { execProbe } from "../probes/exec.ts";
import { resolvePort } from "../probes/port.ts";
import { abortable } from "../semaphore.ts";

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly id: string;
  readonly addresses: readonly string[];
  readonly runtime: ContainerRuntime;
  readonly dialer: ProbeDialer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Runs a lifecycle hook to its end. Throws with what went wrong, in the kubelet's words. */
export async function runHook(handler: LifecycleHandler, target: HookTarget): Promise<void> {
  const { container, clock, signal } = target;
  if (handler.sleep) return clock.sleep(handler.sleep.seconds * 1000, signal);
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const result = await abortable(execProbe(target.runtime, target.id, command, { clock }), signal);
    if (result.exitCode === 0) return;
    throw new Error(
      `Exec lifecycle hook (${JSON.stringify(command)}) for Container "${container.name}" failed - error: command exited with ${result.exitCode}, message: ${JSON.stringify(result.output)}`,
    );
  }
  if (handler.httpGet) {
    const { host, path = "/", scheme = "HTTP", httpHeaders = [] } = handler.httpGet;
    const port = resolvePort(handler.httpGet.port, container);
    const address = host || (target.addresses[0] ?? "127.0.0.1");
    try {
      await target.dialer.httpGet({
        address,
        port,
        path,
        scheme,
        headers: httpHeaders,
        timeoutMs: hookTimeoutMs,
        signal,
      });
    } catch (error) {
      throw new Error(
        `HTTP lifecycle hook (${path}) for Container "${container.name}" failed - error: ${messageOf(error)}`,
      );
    }
  }
}

/** As long as the kubelet's client waits for a hook's answer. */
const hookTimeoutMs = 30_000;

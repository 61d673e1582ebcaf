import type { Container, Probe } from "#api";
import { type Clock, messageOf } from "#base";
import type { ContainerRuntime } from "#runtime";
import { limits } from "../limits.ts";
import type { ProbeDialer } from "./dialer.ts";
import { execProbe } from "./exec.ts";
import { resolvePort } from "./port.ts";

export interface CheckTarget {
  readonly container: Container;
  readonly id: string;
  /** The pod's address. */
  readonly address: string;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly dialer: ProbeDialer;
  readonly signal: AbortSignal;
}

/** What one probe found; `message` is what the event says. */
export interface Finding {
  readonly healthy: boolean;
  readonly message: string;
}

/** Asks once. Never throws: whatever goes wrong is a finding. */
export async function checkProbe(probe: Probe, target: CheckTarget): Promise<Finding> {
  try {
    return await check(probe, target);
  } catch (error) {
    return { healthy: false, message: messageOf(error) };
  }
}

async function check(probe: Probe, target: CheckTarget): Promise<Finding> {
  const { container, dialer, signal, address } = target;
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec) {
    const { exitCode, output } = await execProbe(target.runtime, target.id, probe.exec.command ?? [], {
      clock: target.clock,
      timeoutMs,
    });
    return { healthy: exitCode === 0, message: output.slice(0, limits.probeMessageBytes) };
  }
  if (probe.httpGet) {
    const { host, path = "/", scheme = "HTTP", httpHeaders = [] } = probe.httpGet;
    const port = resolvePort(probe.httpGet.port, container);
    const answer = await dialer.httpGet({
      address: host || address,
      port,
      path,
      scheme,
      headers: httpHeaders,
      timeoutMs,
      signal,
    });
    const healthy = answer.status >= 200 && answer.status < 400;
    return { healthy, message: healthy ? "" : `HTTP probe failed with statuscode: ${answer.status}` };
  }
  if (probe.tcpSocket) {
    const port = resolvePort(probe.tcpSocket.port, container);
    await dialer.tcp({ address: probe.tcpSocket.host || address, port, timeoutMs });
    return { healthy: true, message: "" };
  }
  if (probe.grpc) {
    const { port, service = "" } = probe.grpc;
    const status = await dialer.grpcHealth({ address, port, service, timeoutMs });
    return { healthy: status === "SERVING", message: `service unhealthy (responded with "${status}")` };
  }
  return { healthy: true, message: "" };
}

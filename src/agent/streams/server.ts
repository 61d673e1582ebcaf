import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { type Container, isPodTerminal } from "#api";
import { ApiError, badRequest, type Clock, type Logger, messageOf, notFound } from "#base";
import type { Host } from "#host";
import type { ContainerRuntime } from "#runtime";
import type { Layout } from "../layout.ts";
import { podNameOf } from "../layout.ts";
import { type LogSelection, readLog } from "../logs/read-log.ts";
import { containersOf } from "../pods/containers.ts";
import type { Pods } from "../pods/pods.ts";
import type { PodWorker } from "../pods/worker.ts";
import { statusOf } from "../status/statuses.ts";
import { carrySession } from "./exec.ts";
import { dialPod } from "./port-forward.ts";
import { exitStatus, respondFailure } from "./status.ts";

export interface StreamServerOptions {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: Layout;
  readonly pods: Pods;
  readonly summary: () => Promise<object>;
}

/** Answers what the API server asks of this node: logs, exec, attach, port-forward, statistics; in the kubelet's manner. */
export class StreamServer {
  readonly #options: StreamServerOptions;

  constructor(options: StreamServerOptions) {
    this.#options = options;
  }

  /** Serves every request that comes in over an HTTP/2 session. */
  serve(session: ServerHttp2Session): void {
    session.on("stream", (stream, headers) => {
      this.#answer(stream, headers).catch((error) => {
        this.#options.logger.debug(`${headers[":method"]} ${headers[":path"]}: ${messageOf(error)}`);
        respondFailure(stream, error);
      });
    });
  }

  async #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on("error", () => {});
    const url = new URL(headers[":path"] ?? "/", "http://node");
    const [kind = "", namespace = "", name = "", container = ""] = url.pathname
      .split("/")
      .filter(Boolean)
      .map(decodeURIComponent);
    switch (kind) {
      case "healthz":
        stream.respond({ ":status": 200, "content-type": "text/plain" });
        stream.end("ok");
        return;
      case "stats":
        return this.#stats(stream);
      case "containerLogs":
        return this.#logs(stream, this.#pod(namespace, name), container, url.searchParams);
      case "exec":
        return this.#exec(stream, this.#pod(namespace, name), container, url.searchParams);
      case "attach":
        return this.#attach(stream, this.#pod(namespace, name), container, url.searchParams);
      case "portForward":
        return this.#portForward(stream, this.#pod(namespace, name), Number(url.searchParams.get("port")));
      default:
        throw notFound({ resource: "paths", name: url.pathname });
    }
  }

  async #stats(stream: ServerHttp2Stream): Promise<void> {
    const summary = await this.#options.summary();
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.end(JSON.stringify(summary));
  }

  async #logs(
    stream: ServerHttp2Stream,
    worker: PodWorker,
    name: string,
    query: URLSearchParams,
  ): Promise<void> {
    const { host, layout, clock } = this.#options;
    const container = containerNamed(worker, name);
    const gone = new AbortController();
    stream.once("close", () => gone.abort());
    const attempt = this.#attempt(worker, container, isSet(query, "previous"));
    const ended = worker.whenEnded(container.name, attempt, gone.signal);
    const directory = layout.containerLogs(podNameOf(worker.pod), container.name);
    const lines = readLog(
      { host, directory, attempt, ended, signal: gone.signal },
      selectionOf(query, clock.now()),
    );
    stream.respond({ ":status": 200, "content-type": "text/plain" });
    for await (const bytes of lines) {
      if (stream.destroyed) return;
      if (!stream.write(bytes)) await Promise.race([drained(stream), aborted(gone.signal)]);
    }
    stream.end();
  }

  /** Which run's log is asked for. Throws in the kubelet's words when there is none. */
  #attempt(worker: PodWorker, container: Container, previous: boolean): number {
    const { name } = worker.pod.metadata ?? {};
    const seen = worker.observation.containers[container.name];
    if (previous) {
      if (seen?.previous) return seen.previous.attempt;
      throw badRequest(`previous terminated container "${container.name}" in pod "${name}" not found`);
    }
    if (seen && seen.run.is !== "absent") return seen.run.attempt;
    if (seen?.previous) return seen.previous.attempt;
    const status = statusOf(worker.status, container.name);
    // A pod that was over before this agent began: the API knows how often it ran.
    if (status?.containerID || isPodTerminal(worker.pod)) return status?.restartCount ?? 0;
    const reason = status?.state?.waiting?.reason ?? "ContainerCreating";
    throw badRequest(`container "${container.name}" in pod "${name}" is waiting to start: ${reason}`);
  }

  async #exec(
    stream: ServerHttp2Stream,
    worker: PodWorker,
    name: string,
    query: URLSearchParams,
  ): Promise<void> {
    const command = query.getAll("command");
    if (command.length === 0) throw badRequest("you must specify at least 1 command for the container");
    const id = runningId(worker, containerNamed(worker, name));
    const session = await this.#options.runtime.exec(id, {
      command,
      terminal: isSet(query, "tty"),
      stdin: isSet(query, "stdin"),
    });
    await carrySession(stream, session, { outcome: exitStatus });
  }

  async #attach(
    stream: ServerHttp2Stream,
    worker: PodWorker,
    name: string,
    query: URLSearchParams,
  ): Promise<void> {
    const container = containerNamed(worker, name);
    const id = runningId(worker, container);
    const session = await this.#options.runtime.attach(id, {
      stdin: isSet(query, "stdin") && (container.stdin ?? false),
      terminal: container.tty ?? false,
    });
    // How the container ended stands in its status; the session as such has succeeded.
    await carrySession(stream, session, { outcome: () => exitStatus(0) });
  }

  async #portForward(stream: ServerHttp2Stream, worker: PodWorker, port: number): Promise<void> {
    const { host, clock, runtime } = this.#options;
    const { sandbox } = worker.observation;
    const uid = worker.pod.metadata?.uid ?? "";
    if (sandbox.is !== "done") throw badRequest(`pod "${worker.pod.metadata?.name}" has no network yet`);
    const found = await runtime.sandbox(uid);
    const socket = await dialPod({
      host,
      clock,
      port,
      address: sandbox.value.addresses[0] ?? "127.0.0.1",
      networkNamespace: found?.networkNamespace,
    });
    if (stream.destroyed) {
      socket.destroy();
      return;
    }
    stream.respond({ ":status": 200, "content-type": "application/octet-stream" });
    socket.on("error", () => stream.destroy());
    stream.once("close", () => socket.destroy());
    stream.pipe(socket);
    socket.pipe(stream);
  }

  #pod(namespace: string, name: string): PodWorker {
    const worker = this.#options.pods.byName(namespace, name);
    if (!worker) throw notFound({ resource: "pods", name });
    return worker;
  }
}

function containerNamed(worker: PodWorker, name: string): Container {
  const found = containersOf(worker.pod).all.find((one) => one.name === name);
  if (!found) throw badRequest(`container ${name} is not valid for pod ${worker.pod.metadata?.name}`);
  return found;
}

function runningId(worker: PodWorker, container: Container): string {
  const run = worker.observation.containers[container.name]?.run;
  if (run?.is === "running") return run.id;
  throw new ApiError("NotFound", `container not found ("${container.name}"): it is not running`);
}

function selectionOf(query: URLSearchParams, now: number): LogSelection {
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null || text === "") return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0)
      throw badRequest(`${name} must be a non-negative integer, got "${text}"`);
    return value;
  };
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const since = sinceTime
    ? Date.parse(sinceTime)
    : sinceSeconds === undefined
      ? undefined
      : now - sinceSeconds * 1000;
  const tailLines = number("tailLines");
  const limitBytes = number("limitBytes");
  const stream = query.get("stream")?.toLowerCase();
  return {
    follow: isSet(query, "follow"),
    timestamps: isSet(query, "timestamps"),
    ...(since === undefined ? {} : { since }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(stream === "stdout" || stream === "stderr" ? { stream } : {}),
  };
}

/** `?follow`, `?follow=true` and `?follow=1` are the same. */
function isSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "false" && value !== "0";
}

function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => stream.once("drain", resolve));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

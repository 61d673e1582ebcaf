import type { RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { limits } from "../limits.ts";
import { grpcHealth } from "./grpc.ts";

// By `import`, node:http would bring Node's fetch along: 6 MB, and 50 ms of every start.
const { request: httpRequest } = process.getBuiltinModule("node:http");

export interface HttpGet {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly scheme: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Cut to what a probe keeps. */
  readonly body: string;
}

/** How probes and hooks reach a pod. */
export interface ProbeDialer {
  httpGet(get: HttpGet): Promise<HttpAnswer>;
  /** Resolves once connected. */
  tcp(target: { readonly address: string; readonly port: number; readonly timeoutMs: number }): Promise<void>;
  grpcHealth(target: {
    readonly address: string;
    readonly port: number;
    readonly service: string;
    readonly timeoutMs: number;
  }): Promise<"SERVING" | string>;
}

/** One connection per request, none kept: a probe must find out whether new connections work. */
export function httpGet(get: HttpGet): Promise<HttpAnswer> {
  const isHttps = get.scheme.toUpperCase() === "HTTPS";
  const headers: Record<string, string> = {
    "user-agent": "kube-probe/1.36",
    accept: "*/*",
    connection: "close",
  };
  for (const { name, value } of get.headers) headers[name.toLowerCase()] = value;
  const options: RequestOptions = {
    host: get.address,
    port: get.port,
    path: get.path.startsWith("/") ? get.path : `/${get.path}`,
    headers,
    agent: false,
    timeout: get.timeoutMs,
    signal: AbortSignal.any([get.signal, AbortSignal.timeout(get.timeoutMs)]),
  };
  const url = `${isHttps ? "https" : "http"}://${get.address}:${get.port}${options.path}`;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new Error(`Get ${JSON.stringify(url)}: ${failureOf(error)}`));
    // Certificates of pods are nobody's business here, as in Kubernetes.
    const sent = isHttps ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    sent.on("error", fail);
    sent.on("timeout", () => sent.destroy(new Error("context deadline exceeded")));
    sent.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (body.length < limits.probeBodyBytes) body += chunk;
        else response.destroy();
      });
      const done = () =>
        resolve({ status: response.statusCode ?? 0, body: body.slice(0, limits.probeBodyBytes) });
      response.on("end", done);
      response.on("close", done);
      response.on("error", fail);
    });
    sent.end();
  });
}

export function tcpConnect(target: { address: string; port: number; timeoutMs: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.address, port: target.port, timeout: target.timeoutMs });
    const where = `dial tcp ${target.address}:${target.port}`;
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("timeout", () => {
      socket.destroy();
      reject(new Error(`${where}: i/o timeout`));
    });
    socket.once("error", (error) => reject(new Error(`${where}: ${failureOf(error)}`)));
  });
}

/** In the words that people know from the kubelet's events. */
function failureOf(error: unknown): string {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  if (code === "ECONNREFUSED") return "connect: connection refused";
  if (code === "EHOSTUNREACH") return "connect: no route to host";
  if (code === "ECONNRESET") return "read: connection reset by peer";
  if (name === "TimeoutError" || name === "AbortError") {
    return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  }
  return message ?? String(error);
}

/** The machine's own network. */
export const systemDialer: ProbeDialer = { httpGet, tcp: tcpConnect, grpcHealth };

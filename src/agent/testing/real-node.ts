import http2 from "node:http2";
import { connect, createServer, type Server } from "node:net";
import { events, type Pod, type PodSpec, pods } from "#api";
import { channels, encodeFrame, FrameDecoder, must, silentLogger, systemClock } from "#base";
import type { Client } from "#client";
import { createHost, type Host } from "#host";
import {
  prepareMachine,
  type RealAgent,
  removeMachine,
  startRealAgent,
  type TestMachine,
} from "./real-agent.ts";

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  /** `metav1.Status` */
  readonly status: {
    readonly status?: string;
    readonly message?: string;
    readonly details?: { causes?: { message: string }[] };
  };
}

/** One node with real containers, and what a test asks of it: pods through the API, streams as the API server asks for them. */
export class RealNode {
  readonly host: Host = createHost({ clock: systemClock, logger: silentLogger });
  readonly client: Client;
  readonly machine: TestMachine;
  #agent: RealAgent | undefined;
  #session: http2.ClientHttp2Session | undefined;
  #server: Server | undefined;

  constructor(options: { readonly client: Client; readonly machine: TestMachine }) {
    this.client = options.client;
    this.machine = options.machine;
  }

  get agent(): RealAgent {
    return must(this.#agent, "the node was started");
  }

  get session(): http2.ClientHttp2Session {
    return must(this.#session, "the node was started");
  }

  prepare(): Promise<void> {
    return prepareMachine(this.host, this.machine);
  }

  async start(): Promise<void> {
    this.#agent = await startRealAgent(this);
    const { streams } = this.#agent.agent;
    const server = createServer((socket) => streams.serve(http2.performServerHandshake(socket)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
    this.#server = server;
    this.#session = http2.connect("http://node", { createConnection: () => socket });
  }

  /** The agent ends; containers go on. */
  async stop(): Promise<void> {
    this.#session?.destroy();
    this.#server?.close();
    await this.#agent?.stop();
    this.#agent = undefined;
  }

  /** Nothing is left. */
  async close(): Promise<void> {
    await this.stop();
    await removeMachine(this.host, this.machine);
  }

  /** Makes the images of an archive present. */
  async import(archive: Uint8Array): Promise<void> {
    const path = `${this.machine.directory}/images.tar`;
    await this.host.files.write(path, archive, { durable: false });
    await this.agent.opened.images.importArchive(path);
  }

  /** Creates a pod of one container, `main`, unless the spec has others. */
  run(name: string, container: object, spec: Partial<PodSpec> = {}, metadata: object = {}): Promise<Pod> {
    const main = { name: "main", image: "busybox:test", imagePullPolicy: "IfNotPresent", ...container };
    return this.client.resource(pods, "default").create({
      metadata: { name, ...metadata },
      spec: {
        nodeName: "node",
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        containers: [main],
        ...spec,
      },
    });
  }

  /** Waits until the pod in the API is as wanted; undefined: gone. */
  async until(name: string, what: string, holds: (pod: Pod | undefined) => boolean): Promise<Pod> {
    const api = this.client.resource(pods, "default");
    const deadline = systemClock.monotonicMs() + 20_000;
    for (;;) {
      const pod = await api.get(name).catch(() => undefined);
      if (holds(pod)) return pod as Pod;
      if (systemClock.monotonicMs() > deadline)
        throw new Error(`${name} never was ${what}: ${JSON.stringify(pod?.status)}`);
      await systemClock.sleep(5);
    }
  }

  ready(name: string): Promise<Pod> {
    return this.until(name, "ready", isReady);
  }

  /** Waits until its containers have ended; the last one's message. */
  async ended(name: string): Promise<Pod> {
    return this.until(name, "over", (pod) => /Succeeded|Failed/.test(pod?.status?.phase ?? ""));
  }

  /** Waits until the pod has an event of this reason whose message contains the text. */
  async event(name: string, reason: string, text: string): Promise<string> {
    const api = this.client.resource(events, "default");
    const deadline = systemClock.monotonicMs() + 10_000;
    for (;;) {
      const all = (await api.list()).items.filter((one) => one.involvedObject.name === name);
      const found = all.find((one) => one.reason === reason && one.message?.includes(text));
      if (found) return found.message ?? "";
      if (systemClock.monotonicMs() > deadline)
        throw new Error(`${name} has only: ${all.map((one) => `${one.reason}: ${one.message}`).join("\n")}`);
      await systemClock.sleep(10);
    }
  }

  async remove(name: string): Promise<void> {
    await this.client.resource(pods, "default").delete(name, { gracePeriodSeconds: 1 });
    await this.until(name, "gone", (pod) => pod === undefined);
  }

  async logs(name: string, query = "", container = "main"): Promise<string> {
    let text = "";
    for await (const chunk of this.follow(name, query, container)) text += chunk;
    return text;
  }

  follow(name: string, query: string, container = "main"): http2.ClientHttp2Stream {
    return this.session.request({ ":path": `/containerLogs/default/${name}/${container}?${query}` });
  }

  async exec(name: string, command: readonly string[], input = "", container = "main"): Promise<Said> {
    const words = command.map((word): [string, string] => ["command", word]);
    const stream = this.talk(`/exec/default/${name}/${container}`, [...words, ["stdin", "true"]]);
    if (input) stream.write(encodeFrame(channels.stdin, Buffer.from(input)));
    stream.write(encodeFrame(channels.close, Uint8Array.of(channels.stdin)));
    return heard(stream);
  }

  /** Runs a line of shell in a pod; its output. */
  async shell(name: string, line: string): Promise<string> {
    const { stdout, stderr } = await this.exec(name, ["sh", "-c", line]);
    return stdout + stderr;
  }

  talk(path: string, query: readonly (readonly [string, string])[]): http2.ClientHttp2Stream {
    const outputs = [
      ["stdout", "true"],
      ["stderr", "true"],
    ];
    const search = new URLSearchParams([...query, ...outputs] as [string, string][]);
    return this.session.request({ ":method": "POST", ":path": `${path}?${search}` });
  }
}

export function isReady(pod: Pod | undefined): boolean {
  return pod?.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
}

/** All that is said on a stream of frames, to its end. */
export async function heard(stream: http2.ClientHttp2Stream): Promise<Said> {
  const decoder = new FrameDecoder(1 << 20);
  const said: Record<number, string> = {};
  for await (const chunk of stream) {
    for (const { channel, payload } of decoder.push(chunk))
      said[channel] = (said[channel] ?? "") + Buffer.from(payload).toString();
  }
  return {
    stdout: said[channels.stdout] ?? "",
    stderr: said[channels.stderr] ?? "",
    status: JSON.parse(said[channels.error] ?? "{}"),
  };
}

import { once } from "node:events";
import { type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from "node:http2";
import { request } from "node:https";
import type { Duplex } from "node:stream";

export interface FakeAgentOptions {
  /** Of the API server on 127.0.0.1. */
  readonly port: number;
  readonly node: string;
  /** PEM; the client certificate of the node. */
  readonly tls: { readonly authority: string; readonly certificate: string; readonly key: string };
  /** Answers one conversation. `url` has the path and query that the API server asked with. */
  readonly answer: (stream: ServerHttp2Stream, url: URL, headers: IncomingHttpHeaders) => void;
}

export interface FakeAgent {
  readonly socket: Duplex;
  close(): void;
}

/** Dials a node's tunnel as its agent does, and answers what comes through it. Throws what the server refuses with. */
export async function dialTunnel(options: FakeAgentOptions): Promise<FakeAgent> {
  const { port, node, tls, answer } = options;
  const dialled = request({
    host: "127.0.0.1",
    port,
    path: `/nacre/v1/nodes/${node}/tunnel`,
    headers: { connection: "Upgrade", upgrade: "nacre-tunnel" },
    ca: tls.authority,
    cert: tls.certificate,
    key: tls.key,
    agent: false,
  });
  dialled.end();
  const socket = await new Promise<Duplex>((resolve, reject) => {
    dialled.once("error", reject);
    dialled.once("upgrade", (_response, upgraded, head) => {
      if (head.length > 0) upgraded.unshift(head);
      resolve(upgraded);
    });
    dialled.once("response", async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      reject(new Error(`the tunnel was refused with ${response.statusCode}: ${text}`));
    });
  });
  const session = performServerHandshake(socket);
  session.on("error", () => {});
  session.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, new URL(headers[":path"] ?? "/", "http://agent"), headers);
  });
  return {
    socket,
    close() {
      session.destroy();
      socket.destroy();
    },
  };
}

/** Resolves once the socket of an agent is gone. */
export async function hungUp({ socket }: FakeAgent): Promise<void> {
  if (!socket.destroyed) await once(socket, "close");
}

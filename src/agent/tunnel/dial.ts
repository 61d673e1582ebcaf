import { request } from "node:https";
import type { Duplex } from "node:stream";
import { unavailable } from "#base";
import type { Connection } from "#client/node";

/** Opens the connection that the tunnel runs over. */
export type TunnelDialer = (path: string, signal: AbortSignal) => Promise<Duplex>;

/** Upgrades an HTTPS connection to the API server to `nacre-tunnel`, with the agent's own certificate. */
export function httpsTunnelDialer(connection: Connection): TunnelDialer {
  return (path, signal) =>
    new Promise((resolve, reject) => {
      const { authority, serverName, credentials } = connection;
      const server = new URL(connection.server);
      const sent = request({
        host: server.hostname.replace(/^\[|\]$/g, ""),
        port: server.port || 443,
        path,
        agent: false,
        ...(authority === undefined ? {} : { ca: authority }),
        ...(serverName === undefined ? {} : { servername: serverName }),
        ...("certificate" in credentials ? { cert: credentials.certificate, key: credentials.key } : {}),
        headers: {
          connection: "Upgrade",
          upgrade: "nacre-tunnel",
          ...("token" in credentials
            ? {
                authorization: `Bearer ${typeof credentials.token === "string" ? credentials.token : credentials.token()}`,
              }
            : {}),
        },
        signal,
      });
      const fail = (why: string) =>
        reject(unavailable(`cannot open the tunnel to ${connection.server}: ${why}`));
      sent.once("error", (error) => fail(error.message));
      sent.once("response", (response) => {
        response.resume();
        fail(`the server answered ${response.statusCode}`);
      });
      sent.once("upgrade", (_response, socket, head) => {
        // The kernel finds out when the peer is gone without a word.
        if ("setKeepAlive" in socket)
          (socket as { setKeepAlive(on: boolean, ms: number): void }).setKeepAlive(true, keepAliveMs);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      sent.end();
    });
}

/** Below the 60 s after which middleboxes forget a quiet connection. */
const keepAliveMs = 30_000;

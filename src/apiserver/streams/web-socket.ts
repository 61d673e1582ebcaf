import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { badRequest } from "#base";
import type { StreamRequest } from "../ports.ts";
import { maxMessageBytes } from "./limits.ts";

/**
 * The subprotocol to speak: the first of ours that the client offers. Throws BadRequest, naming what is spoken, when
 * there is none or the client wants another upgrade (kubectl falls back on SPDY and shows that message).
 */
export function chosenProtocol({ incoming }: StreamRequest, spoken: readonly string[]): string {
  const { upgrade = "", "sec-websocket-protocol": offered = "" } = incoming.headers;
  if (upgrade.toLowerCase() !== "websocket") {
    throw badRequest(
      `this server speaks WebSocket here, not ${upgrade || "plain HTTP"}: use kubectl 1.31 or newer`,
    );
  }
  const offers = offered.split(",").map((each) => each.trim());
  const chosen = spoken.find((each) => offers.includes(each));
  if (chosen) return chosen;
  throw badRequest(
    `none of the offered WebSocket protocols (${offered}) is spoken here: ${spoken.join(", ")} are`,
  );
}

/** Completes the handshake. `ws` is loaded with the first conversation: a start does not wait for it. */
export async function acceptWebSocket(
  { incoming }: StreamRequest,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket> {
  const { WebSocketServer } = await import("ws");
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  // The slash in `SPDY/3.1+portforward.k8s.io` is no token by RFC 6455, and `ws` refuses it: we agree on it ourselves.
  delete incoming.headers["sec-websocket-protocol"];
  server.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    socket.once("close", () => reject(badRequest("the client went away during the WebSocket handshake")));
    server.handleUpgrade(incoming, socket, head, resolve);
  });
}

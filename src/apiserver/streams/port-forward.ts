import type { Duplex } from "node:stream";
import type { Authorizer, StreamHandler } from "../ports.ts";
import { ForwardedPorts } from "./forwarded-ports.ts";
import { maxForwardedConnections, maxSpdyFrameBytes, maxSpdyHeaderBytes, spdyFrameBytes } from "./limits.ts";
import { nodePath, podTarget } from "./pod-target.ts";
import { isPodSubresource, mustBeAllowedToCreate, upgradeRequired } from "./subresource.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";
import { acceptWebSocket, chosenProtocol } from "./web-socket.ts";

const protocol = "SPDY/3.1+portforward.k8s.io";

/** `pods/NAME/portforward`: SPDY/3.1 frames inside a WebSocket (KEP-4006), two streams for each forwarded connection. */
export function portForward(options: {
  readonly tunnels: Tunnels;
  readonly authorizer: Authorizer;
}): StreamHandler {
  const { tunnels, authorizer } = options;
  return {
    handles: (attributes) => isPodSubresource(attributes, "portforward"),
    serve: () => Promise.reject(upgradeRequired("portforward")),
    async upgrade(request, socket: Duplex, head) {
      mustBeAllowedToCreate(request, authorizer);
      const { node, namespace, name } = podTarget(request);
      const chosen = chosenProtocol(request, [protocol]);
      // Loaded with the first forward; before the handshake, so that what the client sends at once finds a listener.
      const { createWebSocketStream } = await import("ws");
      const { SpdyConnection } = await import("./spdy/connection.ts");
      const webSocket = await acceptWebSocket(request, socket, head, chosen);
      const gone = new AbortController();
      const ports = new ForwardedPorts(async (port) => {
        const path = `${nodePath("portForward", namespace, name)}?port=${port}`;
        return tunnels.request(node, { method: "POST", path, signal: gone.signal });
      });
      const transport = createWebSocketStream(webSocket);
      transport.on("error", () => {});
      const connection = new SpdyConnection(transport, {
        role: "server",
        maxFrameBytes: maxSpdyFrameBytes,
        maxHeaderBytes: maxSpdyHeaderBytes,
        maxStreams: 2 * maxForwardedConnections,
        frameBytes: spdyFrameBytes,
        onStream: (stream) => ports.add(stream),
      });
      void connection.closed.then(() => gone.abort());
    },
  };
}

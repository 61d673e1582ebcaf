import type { Duplex } from "node:stream";
import { badRequest, forbidden } from "#base";
import { nodeNameOf } from "../../authorization/node/node-name.ts";
import type { StreamHandler } from "../../ports.ts";
import type { Tunnels } from "./tunnels.ts";

const pattern = /^\/nacre\/v1\/nodes\/([^/]+)\/tunnel$/;
const protocol = "nacre-tunnel";

/** `GET /nacre/v1/nodes/NAME/tunnel`: where an agent dials. Only the node itself may, whoever else is allowed what. */
export function tunnelEndpoint(tunnels: Tunnels): StreamHandler {
  return {
    handles: ({ path, resource }) => !resource && pattern.test(path),
    async upgrade({ attributes, incoming }, socket, head) {
      const node = decodeURIComponent(pattern.exec(attributes.path)?.[1] ?? "");
      if (nodeNameOf(attributes.user) !== node) {
        throw forbidden(
          { resource: "nodes", name: node },
          `only the node itself may open its tunnel, not "${attributes.user.name}"`,
        );
      }
      if (incoming.headers.upgrade?.toLowerCase() !== protocol) {
        throw badRequest(`a tunnel is opened with "Connection: Upgrade" and "Upgrade: ${protocol}"`);
      }
      await answered(socket);
      if (head.length > 0) socket.unshift(head);
      tunnels.accept(node, socket);
    },
  };
}

/** Node's HTTP/2 takes the socket over beneath its streams: a write of ours still under way would crash it. */
function answered(socket: Duplex): Promise<void> {
  const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    socket.write(head, (error) => (error ? reject(error) : resolve()));
  });
}

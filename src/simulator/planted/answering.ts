import type { ApiRequest, ApiResponse, Transport } from "#api";
import type { Server } from "../network/network.ts";

/** A server of which somebody answers the requests, with the real one at hand. */
export function answering(
  server: Server,
  answer: (request: ApiRequest, inner: Transport) => Promise<ApiResponse>,
): Server {
  return {
    transport(user) {
      const inner = server.transport(user);
      return { request: (request) => answer(request, inner), close: () => inner.close() };
    },
  };
}

import { once } from "node:events";
import http, { type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { fixedRegistry } from "../../../discovery/mod.ts";
import { Balancer } from "../../balancer.ts";
import { type Router, type RouterOptions, startRouter } from "../router.ts";

/** A server on loopback, gone with the test. */
export async function listening(context: TestContext, answer: RequestListener): Promise<string> {
  return (await listeningServer(context, answer)).url;
}

export async function listeningServer(
  context: TestContext,
  answer: RequestListener,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = http.createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A router before instances at these addresses; `/none` is nobody's. It is drained, in no time, at the end of the test. */
export async function routed(
  context: TestContext,
  urls: readonly string[],
  options: Partial<RouterOptions> = {},
): Promise<Router> {
  const registry = fixedRegistry({ named: urls.map((url) => ({ id: url, url })) });
  const balancer = new Balancer({ registry, service: "named" });
  const balancerOf: RouterOptions["balancerOf"] = ({ url }) => (url === "/none" ? undefined : balancer);
  const router = await startRouter({ host: "127.0.0.1", port: 0, balancerOf, ...options });
  context.after(() => router.stop({ limitMs: 0 }));
  return router;
}

/** Sends bytes as they are, and gives all that comes until the connection ends. */
export async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(bytes);
  return text(socket);
}

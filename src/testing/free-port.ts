import { once } from "node:events";
import { createServer } from "node:net";
import { systemRandom } from "#base";

/**
 * A port of loopback that nobody listens on, for a server that has to come back on it. It is none of those that the kernel gives to whoever connects
 * somewhere (from 32768 on), or between two starts of the server it could be somebody's; nor one of a cluster's node ports.
 */
export async function freePort(): Promise<number> {
  for (let left = 100; left > 0; left -= 1) {
    const port = first + (systemRandom.uint32() % (nodePorts - first));
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`a hundred ports of 127.0.0.1 from ${first} to ${nodePorts} are all in use`);
}

const first = 15_000;
const nodePorts = 30_000;

/** A server that is down just now still has its port. */
const given = new Set<number>();

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { Clock } from "#base";
import { limits } from "../limits.ts";

/** Asks someone else. Resolves with the answer's bytes; undefined when nobody answered in time. */
export type Upstream = (query: Uint8Array, over: "udp" | "tcp") => Promise<Uint8Array | undefined>;

/** Forwards to the first of `servers` (IPv4 addresses) that answers, in order. Without servers, nobody answers. */
export function forwardTo(servers: readonly string[], clock: Clock): Upstream {
  return async (query, over) => {
    for (const server of servers) {
      const answer = await (over === "udp" ? askUdp(server, query, clock) : askTcp(server, query, clock));
      if (answer) return answer;
    }
    return undefined;
  };
}

/** The `nameserver` lines of a resolv.conf, without those in `except`: a resolver must not ask itself. */
export function nameservers(resolvConf: string, except: readonly string[] = []): string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)]
    .map((match) => match[1] as string)
    .filter((server) => !except.includes(server));
}

function askUdp(server: string, query: Uint8Array, clock: Clock): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const finish = (answer: Uint8Array | undefined) => {
      timer.cancel();
      socket.close();
      resolve(answer);
    };
    const timer = clock.setTimer(limits.dnsUpstreamTimeoutMs, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.on("message", (answer) => {
      if (answer.length >= 2 && answer[0] === query[0] && answer[1] === query[1]) finish(answer);
    });
    // As an event: a callback would also be called when there is no route to the server.
    socket.once("connect", () => socket.send(query));
    socket.connect(53, server);
  });
}

function askTcp(server: string, query: Uint8Array, clock: Clock): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const socket = connect(53, server);
    let received = Buffer.alloc(0);
    const finish = (answer: Uint8Array | undefined) => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = clock.setTimer(limits.dnsUpstreamTimeoutMs, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("connect", () => socket.write(lengthPrefixed(query)));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
        finish(received.subarray(2, 2 + received.readUInt16BE()));
      }
    });
  });
}

/** A message as TCP carries it (RFC 1035, 4.2.2). */
export function lengthPrefixed(message: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(2 + message.length);
  framed.writeUInt16BE(message.length);
  framed.set(message, 2);
  return framed;
}

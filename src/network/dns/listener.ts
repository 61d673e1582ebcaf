import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { limits } from "../limits.ts";
import type { Responder } from "./responder.ts";
import { lengthPrefixed } from "./upstream.ts";

/** An open DNS port, UDP and TCP. */
export interface DnsListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on one address. Port 0 picks one that is free. Rejects when the port is taken. */
export async function listen(options: {
  address: string;
  port: number;
  responder: Responder;
}): Promise<DnsListener> {
  const tcp = createServer((socket) => serve(socket, options.responder));
  tcp.maxConnections = limits.dnsConnections;
  await new Promise<void>((resolve, reject) => {
    tcp.once("error", reject);
    tcp.listen(options.port, options.address, resolve);
  });
  const port = (tcp.address() as { port: number }).port;
  const udp = createSocket("udp4");
  udp.on("message", (query, sender) => {
    void options.responder(query, "udp").then((answer) => {
      if (answer) udp.send(answer, sender.port, sender.address, () => {});
    });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once("error", reject);
      udp.bind(port, options.address, resolve);
    });
  } catch (error) {
    tcp.close();
    throw error;
  }
  udp.on("error", () => {});
  return { port, close: () => closeBoth(udp, tcp) };
}

/** Questions of one connection are answered in turn; a silent or too talkative one is closed. */
function serve(socket: Socket, responder: Responder): void {
  let received = Buffer.alloc(0);
  let answering: Promise<void> = Promise.resolve();
  socket.setTimeout(limits.dnsIdleConnectionMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
      const length = received.readUInt16BE();
      const query = received.subarray(2, 2 + length);
      received = received.subarray(2 + length);
      answering = answering.then(async () => {
        const answer = await responder(query, "tcp");
        if (answer && !socket.destroyed) socket.write(lengthPrefixed(answer));
      });
    }
  });
}

function closeBoth(udp: UdpSocket, tcp: Server): Promise<void> {
  return new Promise((resolve) => {
    udp.close();
    tcp.close(() => resolve());
  });
}

import type { TLSSocket } from "node:tls";
import type { LoadConnection, NextRequest, OnAnswer } from "./connection.ts";
import { openSocket } from "./connection.ts";
import type { Endpoint } from "./load.ts";

const endOfHead = Buffer.from("\r\n\r\n");

/** A keep-alive connection that reads no more of an answer than its status and length: a client that costs little. */
export async function openHttp1(endpoint: Endpoint): Promise<LoadConnection> {
  const socket = await openSocket(endpoint, "http/1.1");
  return {
    run: (next, onAnswer) => exchange(socket, next, onAnswer),
    close: () => socket.destroy(),
  };
}

function exchange(socket: TLSSocket, next: NextRequest, onAnswer: OnAnswer): Promise<void> {
  return new Promise((resolve, reject) => {
    let head: Buffer | undefined;
    let status = 0;
    let length = 0;
    let missing = -1;

    const send = () => {
      const request = next();
      if (request) socket.write(request);
      else {
        for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
        resolve();
      }
    };
    const readHead = (chunk: Buffer): Buffer | undefined => {
      const all = head ? Buffer.concat([head, chunk]) : chunk;
      const end = all.indexOf(endOfHead);
      head = end < 0 ? all : undefined;
      if (end < 0) return undefined;
      const text = all.toString("latin1", 0, end);
      status = Number(text.slice(9, 12));
      const announced = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (announced === undefined) throw new Error(`an answer without content-length: ${text}`);
      length = Number(announced);
      missing = length;
      return all.subarray(end + endOfHead.length);
    };
    const read = (chunk: Buffer) => {
      try {
        const body = missing < 0 ? readHead(chunk) : chunk;
        if (!body) return;
        missing -= body.length;
        if (missing > 0) return;
        missing = -1;
        onAnswer(status, length);
        send();
      } catch (error) {
        reject(error);
      }
    };
    const closed = () => reject(new Error("the server closed the connection"));
    const listeners = { data: read, error: reject, close: closed };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    send();
  });
}

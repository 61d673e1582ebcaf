import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { ApiError, channels, encodeFrame, FrameDecoder, internalError, messageOf } from "#base";
import { statusOf } from "../pipeline/answers.ts";
import { maxMessageBytes, socketBufferBytes } from "./limits.ts";

/**
 * Carries a conversation between a client's WebSocket, where the first byte of each message is its channel, and the
 * frames that a node speaks. Whoever is slow holds the other back. Ends when either ends.
 */
export function runConversation(conversation: {
  readonly webSocket: WebSocket;
  readonly stream: Duplex;
  readonly node: string;
  /** The channel on which to say that the conversation stands. */
  readonly greetOn: number;
}): void {
  const { webSocket, stream, node } = conversation;
  const decoder = new FrameDecoder(maxMessageBytes);
  let finished = false;

  const send = (channel: number, payload: Uint8Array) => {
    if (webSocket.readyState !== webSocket.OPEN) return;
    const message = Buffer.allocUnsafe(1 + payload.length);
    message[0] = channel;
    message.set(payload, 1);
    webSocket.send(message, () => {
      if (stream.isPaused() && webSocket.bufferedAmount <= socketBufferBytes) stream.resume();
    });
    if (webSocket.bufferedAmount > socketBufferBytes) stream.pause();
  };
  const finish = () => {
    if (!finished) send(channels.error, Buffer.from(JSON.stringify(brokenOff(node))));
    finished = true;
    webSocket.close(1000);
  };

  send(conversation.greetOn, new Uint8Array());
  stream.on("data", (piece: Buffer) => {
    try {
      for (const { channel, payload } of decoder.push(piece)) {
        if (channel === channels.error) finished = true;
        send(channel, payload);
      }
    } catch {
      stream.destroy();
    }
  });
  stream.once("end", finish);
  stream.once("close", finish);
  webSocket.on("message", (data) => {
    const message = bytesOf(data);
    const channel = message[0];
    if (channel === undefined || !fromClient.has(channel) || stream.destroyed) return;
    if (stream.write(encodeFrame(channel, message.subarray(1)))) return;
    webSocket.pause();
    stream.once("drain", () => webSocket.resume());
  });
  webSocket.on("error", () => webSocket.terminate());
  webSocket.once("close", () => stream.destroy());
}

/** Ends a conversation before it began, with the reason. */
export function refuseConversation(webSocket: WebSocket, why: unknown): void {
  const error = why instanceof ApiError ? why : internalError(messageOf(why), why);
  const status = Buffer.from(JSON.stringify(statusOf(error)));
  webSocket.on("error", () => webSocket.terminate());
  webSocket.send(Buffer.concat([Buffer.from([channels.error]), status]));
  webSocket.close(1000);
}

const fromClient: ReadonlySet<number> = new Set([channels.stdin, channels.resize, channels.close]);

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function brokenOff(node: string): object {
  const message = `the conversation with node ${node} broke off before the command ended; whether it still runs is not known`;
  return statusOf(internalError(message));
}

import type { TLSSocket } from "node:tls";
import {
  contentsOf,
  dataOf,
  frameStart,
  frameStartWithHead,
  HeadReader,
  Outbox,
  requestHeadText,
  requestNumber,
  trunkFrames,
  trunkProtocol,
} from "#api";
import { type ChannelFrame, FrameDecoder } from "#base";
import { AnswerBody } from "../answer-body.ts";
import type { Sending } from "../http1-connection.ts";
import { NeverSent } from "../never-sent.ts";
import { checkSendable } from "../sendable.ts";
import { onceAborted } from "./once-aborted.ts";

export interface TrunkConnectionOptions {
  /** Not connected yet, or just about to be. */
  readonly socket: TLSSocket;
  /** An answer has begun: one request less is under way. */
  readonly onAnswered: () => void;
  /** The server does not know the protocol; these requests have not been sent. */
  readonly onRefused: (unsent: readonly Sending[]) => void;
  /** It will carry no more. */
  readonly onClosed: () => void;
}

/** The client's side of one trunk, from dialling to its end. See `trunkProtocol`. */
export class TrunkConnection {
  readonly #options: TrunkConnectionOptions;
  readonly #decoder = new FrameDecoder(maxFrameBytes);
  readonly #heads = new HeadReader();
  readonly #outbox: Outbox;
  /** Requests that wait for the server to be known. */
  #held: Map<Sending, () => void> | undefined = new Map();
  /** Requests that were sent and are not answered yet. */
  readonly #asked = new Map<number, Asked>();
  /** Answers of which there is more to come. */
  readonly #bodies = new Map<number, Arriving>();
  #last = 0;
  #isLeaving = false;
  #error: Error | undefined;

  constructor(options: TrunkConnectionOptions) {
    this.#options = options;
    const { socket } = options;
    this.#outbox = new Outbox({
      later: process.nextTick,
      send: (parts) => {
        if (!socket.destroyed)
          socket.write(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
      },
    });
    socket.once("secureConnect", () => this.#connected());
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#closed());
  }

  /** Whether the server would still look at a request. */
  get isUsable(): boolean {
    return !this.#isLeaving && this.#last < mostRequests && !this.#options.socket.destroyed;
  }

  /** Throws, and sends nothing, when the request cannot be sent. */
  send(sending: Sending): void {
    this.#options.socket.ref();
    if (this.#held) {
      this.#hold(this.#held, sending);
      return;
    }
    const { request } = sending;
    checkSendable(request);
    const body = request.body ?? nothing;
    const number = this.#last + 1;
    const start = frameStartWithHead(trunkFrames.request, number, requestHeadText(request), body.length);
    this.#last = number;
    this.#outbox.add(start);
    this.#outbox.add(body);
    this.#asked.set(number, { sending, release: onceAborted(request.signal, () => this.#stop(number)) });
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#options.socket.destroy();
  }

  #hold(held: Map<Sending, () => void>, sending: Sending): void {
    const { signal } = sending.request;
    const stop = () => {
      held.delete(sending);
      sending.reject(signal?.reason);
      this.#options.onAnswered();
      this.#restIfIdle();
    };
    held.set(sending, onceAborted(signal, stop));
  }

  #takeHeld(): Sending[] {
    const held = [...(this.#held ?? [])];
    this.#held = undefined;
    for (const [, release] of held) release();
    return held.map(([sending]) => sending);
  }

  #connected(): void {
    const held = this.#takeHeld();
    if (this.#options.socket.alpnProtocol !== trunkProtocol) {
      this.#isLeaving = true;
      this.#options.onRefused(held);
      this.destroy();
      return;
    }
    for (const sending of held) {
      try {
        this.send(sending);
      } catch (error) {
        sending.reject(error);
        this.#options.onAnswered();
      }
    }
    this.#restIfIdle();
  }

  #received(bytes: Buffer): void {
    try {
      for (const frame of this.#decoder.push(bytes)) this.#take(frame);
    } catch (error) {
      this.destroy(error as Error);
    }
    this.#restIfIdle();
  }

  #take(frame: ChannelFrame): void {
    const request = requestNumber(frame);
    switch (frame.channel) {
      case trunkFrames.answer: {
        const { head, body } = contentsOf(frame);
        const asked = this.#answered(request);
        asked?.sending.resolve({ ...this.#heads.answer(head), body: new Whole(body) });
        return;
      }
      case trunkFrames.begin:
        this.#begin(request, contentsOf(frame).head);
        return;
      case trunkFrames.data:
        this.#bodies.get(request)?.body.push(dataOf(frame));
        return;
      case trunkFrames.end:
        this.#end(request, {});
        return;
      case trunkFrames.broken:
        this.#breakOff(request, new Error("the server broke its answer off"));
        return;
      case trunkFrames.goodbye:
        this.#leave(request);
        return;
      default:
        throw new RangeError(`the server sent a frame of type ${frame.channel}`);
    }
  }

  #begin(request: number, head: string): void {
    const asked = this.#answered(request);
    if (!asked) return;
    const tell = (type: number) => this.#outbox.add(frameStart(type, request));
    const giveUp = () => {
      tell(trunkFrames.cancel);
      this.#end(request, {});
      this.#restIfIdle();
    };
    const body = new AnswerBody({
      hold: () => tell(trunkFrames.hold),
      release: () => tell(trunkFrames.release),
      giveUp,
    });
    const { signal } = asked.sending.request;
    const release = onceAborted(signal, () => {
      body.end({ error: signal?.reason });
      giveUp();
    });
    this.#bodies.set(request, { body, release });
    asked.sending.resolve({ ...this.#heads.answer(head), body });
  }

  #end(request: number, how: { error?: unknown }): void {
    const arriving = this.#bodies.get(request);
    this.#bodies.delete(request);
    arriving?.release();
    arriving?.body.end(how);
  }

  #breakOff(request: number, error: Error): void {
    this.#answered(request)?.sending.reject(error);
    this.#end(request, { error });
  }

  /** What the server has not looked at may be sent again; the rest it answers before it goes. */
  #leave(last: number): void {
    this.#isLeaving = true;
    for (const [request, asked] of this.#asked) {
      if (request <= last) continue;
      this.#answered(request);
      asked.sending.reject(new NeverSent("the server is leaving"));
    }
  }

  #stop(request: number): void {
    const asked = this.#answered(request);
    if (!asked) return;
    this.#outbox.add(frameStart(trunkFrames.cancel, request));
    asked.sending.reject(asked.sending.request.signal?.reason);
    this.#restIfIdle();
  }

  #answered(request: number): Asked | undefined {
    const asked = this.#asked.get(request);
    if (!asked) return undefined;
    this.#asked.delete(request);
    asked.release();
    this.#options.onAnswered();
    return asked;
  }

  /** A program may end while nothing is under way. */
  #restIfIdle(): void {
    if (this.#asked.size > 0 || this.#bodies.size > 0 || this.#held?.size) return;
    this.#options.socket.unref();
  }

  #closed(): void {
    this.#isLeaving = true;
    const error = this.#error ?? new Error("the connection was closed");
    for (const sending of this.#takeHeld()) {
      sending.reject(error);
      this.#options.onAnswered();
    }
    for (const request of [...this.#asked.keys(), ...this.#bodies.keys()]) this.#breakOff(request, error);
    this.#options.onClosed();
  }
}

interface Asked {
  readonly sending: Sending;
  /** Stops listening to the request's signal. */
  release(): void;
}

interface Arriving {
  readonly body: AnswerBody;
  /** Stops listening to the request's signal. */
  release(): void;
}

/** A body that has arrived. */
class Whole implements AsyncIterableIterator<Uint8Array> {
  #bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    if (bytes.length > 0) this.#bytes = bytes;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#bytes;
    this.#bytes = undefined;
    return Promise.resolve(value ? { done: false, value } : { done: true, value: undefined });
  }
}

const nothing = new Uint8Array();

/** Their numbers are of 32 bits. */
const mostRequests = 2 ** 32 - 1;

/** More than the largest object with its head: what is longer is no answer of an API server. */
const maxFrameBytes = 16 * 1024 * 1024;

import type { TLSSocket } from "node:tls";
import {
  answerHeadText,
  contentsOf,
  frameStart,
  frameStartWithHead,
  HeadReader,
  maxHeadBytes,
  maxTrunkBodyBytes,
  Outbox,
  requestNumber,
  trunkFrames,
} from "#api";
import { ApiError, type ChannelFrame, FrameDecoder, messageOf, type Timer } from "#base";
import { listSliceBytes, trunkFramesPerTurn, uploadTimeoutMs, watchBufferBytes } from "../../limits.ts";
import { errorAnswer } from "../../pipeline/answers.ts";
import { type DocumentAnswer, type Exchange, isPieces } from "../../pipeline/exchange.ts";
import type { Parts } from "../../pipeline/parts.ts";
import { handle } from "../../pipeline/pipeline.ts";
import { slices } from "../../pipeline/slices.ts";
import { credentialsOf } from "../credentials.ts";
import { TrunkSink } from "./trunk-sink.ts";

/**
 * The server's side of a trunk (see `trunkProtocol`). Each request goes through the same stages as any other, by itself: the connection
 * says no more than who showed which certificate. What breaks the rules of the protocol ends the connection.
 */
export class Trunk {
  readonly #parts: Parts;
  readonly #socket: TLSSocket;
  readonly #decoder = new FrameDecoder(6 + maxHeadBytes + maxTrunkBodyBytes);
  readonly #heads = new HeadReader();
  readonly #outbox: Outbox;
  /** Requests that are being answered; with their answer once it comes in pieces. */
  readonly #open = new Map<number, TrunkSink | undefined>();
  #last = 0;
  /** What has come and is for a later turn. */
  #untaken: ChannelFrame[] = [];
  #isClosing = false;
  #lateFrame: Timer | undefined;

  constructor(parts: Parts, socket: TLSSocket) {
    this.#parts = parts;
    this.#socket = socket;
    this.#outbox = new Outbox({ later: process.nextTick, send: (bytes) => this.#send(bytes) });
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => socket.destroy());
    // Whoever cut the connection is gone; there is nobody to tell.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#closed());
  }

  /** Looks at no more requests, and goes when those that it has are answered. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#outbox.add(frameStart(trunkFrames.goodbye, this.#last));
    this.#endIfDone();
  }

  #received(bytes: Buffer): void {
    const frames = this.#decode(bytes);
    if (frames.length > 0) this.#expectNothing();
    if (!this.#decoder.isWhole) this.#expectRest();
    this.#untaken.push(...frames);
    this.#takeSome();
  }

  #decode(bytes: Buffer): ChannelFrame[] {
    try {
      return this.#decoder.push(bytes);
    } catch {
      this.#socket.destroy();
      return [];
    }
  }

  /** Half a frame is held for as long as a body may take to arrive, and no longer. */
  #expectRest(): void {
    const { clock } = this.#parts.machinery;
    this.#lateFrame ??= clock.setTimer(uploadTimeoutMs, () => this.#socket.destroy(), { unref: true });
  }

  #expectNothing(): void {
    this.#lateFrame?.cancel();
    this.#lateFrame = undefined;
  }

  /**
   * A client that asks a thousand things at once lets others have their turn in between. Nothing is begun for one that is gone, and for one that
   * takes no answers it waits for `#drained`.
   */
  readonly #takeSome = (): void => {
    if (this.#socket.destroyed || this.#isClogged) return;
    try {
      for (const frame of this.#untaken.splice(0, trunkFramesPerTurn)) this.#take(frame);
    } catch {
      this.#socket.destroy();
      return;
    }
    this.#flow();
    if (this.#untaken.length > 0) setImmediate(this.#takeSome);
  };

  #take(frame: ChannelFrame): void {
    const request = requestNumber(frame);
    switch (frame.channel) {
      case trunkFrames.request:
        this.#begin(request, frame);
        return;
      case trunkFrames.cancel:
        this.#cancel(request);
        return;
      case trunkFrames.hold:
        this.#open.get(request)?.hold();
        return;
      case trunkFrames.release:
        this.#open.get(request)?.release();
        return;
      default:
        throw new RangeError(`a client of a trunk sends no frames of type ${frame.channel}`);
    }
  }

  #begin(request: number, frame: ChannelFrame): void {
    if (request <= this.#last) throw new RangeError("requests on a trunk are counted upwards");
    if (this.#isClosing) return;
    this.#last = request;
    this.#open.set(request, undefined);
    this.#answer(request, this.#exchangeOf(frame)).catch((error) => {
      this.#parts.logger.error("an answer could not be sent", { error: messageOf(error) });
      this.#outbox.add(frameStart(trunkFrames.broken, request));
      this.#cancel(request);
    });
  }

  #exchangeOf(frame: ChannelFrame): Exchange {
    const { head, body } = contentsOf(frame);
    const { method, path, headers } = this.#heads.request(head);
    return {
      method,
      target: path,
      headers,
      hasBody: body.length > 0,
      credentials: () => credentialsOf(this.#socket, headers),
      readBody: () => Promise.resolve(body),
    };
  }

  async #answer(request: number, exchange: Exchange): Promise<void> {
    const answer = await handle(this.#parts, exchange);
    if (!this.#open.has(request)) return;
    if (answer.type === "stream") {
      const sink = this.#sinkOf(request, answer);
      answer.start(sink);
      return;
    }
    const document = answer.type === "document" ? answer : misdirected(this.#parts);
    const { body } = document;
    if (isPieces(body) || body.length > listSliceBytes) return this.#sendSlowly(request, document);
    this.#outbox.add(frameStartWithHead(trunkFrames.answer, request, answerHeadText(document), body.length));
    this.#outbox.add(body);
    this.#done(request);
  }

  /** A large answer goes in slices, with those of others in between. */
  async #sendSlowly(request: number, document: DocumentAnswer): Promise<void> {
    const sink = this.#sinkOf(request, document);
    for (const slice of slices(document.body)) {
      if (!sink.write(slice)) await new Promise<void>((resolve) => sink.onDrain(resolve));
      if (!sink.isOpen) return;
    }
    sink.end();
  }

  #sinkOf(request: number, head: { status: number; headers: Record<string, string> }): TrunkSink {
    this.#outbox.add(frameStartWithHead(trunkFrames.begin, request, answerHeadText(head), 0));
    const sink = new TrunkSink({
      send: (pieces, bytes) => {
        this.#outbox.add(frameStart(trunkFrames.data, request, bytes));
        for (const piece of pieces) this.#outbox.add(piece);
      },
      sendEnd: () => {
        this.#outbox.add(frameStart(trunkFrames.end, request));
        this.#done(request);
      },
      hasRoom: (bytes) => bytes + this.#unsentBytes < watchBufferBytes,
    });
    this.#open.set(request, sink);
    return sink;
  }

  #cancel(request: number): void {
    const sink = this.#open.get(request);
    this.#done(request);
    sink?.close();
  }

  #done(request: number): void {
    this.#open.delete(request);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#isClosing && this.#open.size === 0) process.nextTick(() => this.#socket.end());
  }

  #send(parts: readonly Uint8Array[]): void {
    const [only, ...others] = parts;
    if (!only || this.#socket.destroyed) return;
    this.#socket.write(others.length === 0 ? only : Buffer.concat(parts));
    this.#flow();
  }

  get #unsentBytes(): number {
    return this.#outbox.bytes + this.#socket.writableLength;
  }

  /** Who does not take the answers is not asked what else it wants. */
  get #isClogged(): boolean {
    return this.#socket.writableLength > watchBufferBytes;
  }

  #flow(): void {
    if (this.#untaken.length > 0 || this.#isClogged) this.#socket.pause();
    else this.#socket.resume();
  }

  #drained(): void {
    this.#takeSome();
    for (const sink of [...this.#open.values()]) sink?.drained();
  }

  #closed(): void {
    this.#expectNothing();
    this.#untaken = [];
    const sinks = [...this.#open.values()];
    this.#open.clear();
    for (const sink of sinks) sink?.close();
  }
}

/** Conversations have connections of their own (RFC 9110, 421): clients know by this answer to ask again over HTTP. */
function misdirected({ logger }: Parts): DocumentAnswer {
  const why = "this path is a conversation: it needs a connection of its own, over HTTP/1.1";
  return { ...errorAnswer(new ApiError("NotAcceptable", why), logger), status: 421 };
}

import type { Duplex } from "node:stream";
import { assert, badRequest } from "#base";
import { encodeSpdyFrame, type SpdyFrame, SpdyFrameDecoder, spdyStatus } from "./frames.ts";
import { HeaderPacker, HeaderUnpacker, type SpdyHeaders } from "./headers.ts";
import { SpdyStream, type SpdyStreamLink } from "./stream.ts";

export interface SpdyConnectionOptions {
  /** Clients open odd streams, servers even ones. */
  readonly role: "client" | "server";
  readonly maxFrameBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxStreams: number;
  /** Data is sent in frames of at most this size. */
  readonly frameBytes: number;
  /** A stream that the other side has opened. It has been accepted already. */
  readonly onStream?: (stream: SpdyStream) => void;
}

/**
 * A SPDY/3.1 connection over a byte stream. There is no flow control per stream, because Kubernetes' own peers have
 * none; a reader that is behind holds back the whole connection, as it does there. `closed` resolves when it is over.
 */
export class SpdyConnection {
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #packer = new HeaderPacker();
  readonly #unpacker: HeaderUnpacker;
  readonly #decoder: SpdyFrameDecoder;
  readonly #link: SpdyStreamLink;
  #nextId: number;
  #lastRemoteId = 0;
  /** Header blocks must leave in the order in which they were packed. */
  #packing: Promise<unknown> = Promise.resolve();
  #resume: (() => void) | undefined;

  constructor(transport: Duplex, options: SpdyConnectionOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#nextId = options.role === "client" ? 1 : 2;
    this.#unpacker = new HeaderUnpacker(options.maxHeaderBytes);
    this.#decoder = new SpdyFrameDecoder(options.maxFrameBytes);
    this.#link = {
      send: (id, payload, fin, done) => this.#sendData(id, payload, fin, done),
      reset: (streamId, status) => this.#sendReset(streamId, status),
      wanted: () => this.#resume?.(),
      closed: (id) => void this.#streams.delete(id),
    };
    this.closed = this.#run();
  }

  /** Opens a stream; it may be written at once. */
  open(headers: SpdyHeaders): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = this.#register(id, headers);
    this.#sendHeaders(headers, (block) => ({
      type: "synStream",
      streamId: id,
      fin: false,
      priority: 0,
      headers: block,
    }));
    return stream;
  }

  /** Ends the connection and every stream on it. */
  close(): void {
    if (this.#transport.writable) this.#send({ type: "goAway", lastStreamId: this.#lastRemoteId, status: 0 });
    this.#transport.end();
    this.#transport.destroy();
  }

  async #run(): Promise<void> {
    try {
      for await (const piece of this.#transport as AsyncIterable<Buffer>) {
        for (const frame of this.#decoder.push(piece)) {
          if (!(await this.#take(frame))) await this.#readerCatchesUp();
        }
      }
    } catch (error) {
      this.#transport.destroy(error instanceof Error ? error : undefined);
    } finally {
      for (const stream of [...this.#streams.values()]) stream.receiveReset();
      this.#packer.close();
      this.#unpacker.close();
    }
  }

  /** False: the stream that got the frame is behind. */
  async #take(frame: SpdyFrame): Promise<boolean> {
    switch (frame.type) {
      case "synStream":
        await this.#accept(frame);
        return true;
      case "data":
        return this.#streams.get(frame.streamId)?.receive(frame.payload, frame.fin) ?? true;
      case "synReply":
      case "headers":
        // Their content is of no interest, but it is part of the one compressed stream.
        await this.#unpacker.unpack(frame.headers);
        if (frame.fin) this.#streams.get(frame.streamId)?.receive(Buffer.alloc(0), true);
        return true;
      case "rstStream":
        this.#streams.get(frame.streamId)?.receiveReset();
        return true;
      case "ping":
        if (this.#isRemote(frame.id)) this.#send(frame);
        return true;
      case "goAway":
      case "windowUpdate":
      case "other":
        return true;
    }
  }

  async #accept(frame: SpdyFrame & { type: "synStream" }): Promise<void> {
    const { streamId, fin } = frame;
    const headers = await this.#unpacker.unpack(frame.headers);
    if (!this.#isRemote(streamId) || streamId <= this.#lastRemoteId) {
      throw badRequest(`SPDY stream ${streamId} is not a new one of the other side`);
    }
    this.#lastRemoteId = streamId;
    if (this.#streams.size >= this.#options.maxStreams) {
      this.#send({ type: "rstStream", streamId, status: spdyStatus.refusedStream });
      return;
    }
    const stream = this.#register(streamId, headers);
    this.#sendHeaders({}, (block) => ({ type: "synReply", streamId, fin: false, headers: block }));
    if (fin) stream.receive(Buffer.alloc(0), true);
    this.#options.onStream?.(stream);
  }

  #register(id: number, headers: SpdyHeaders): SpdyStream {
    assert(!this.#streams.has(id), `SPDY stream ${id} is new`);
    const stream = new SpdyStream(id, headers, this.#link);
    // Whoever handles the stream hears of its end too; here it only must not go unheard.
    stream.on("error", () => {});
    this.#streams.set(id, stream);
    return stream;
  }

  #isRemote(id: number): boolean {
    return id % 2 === (this.#options.role === "server" ? 1 : 0);
  }

  #readerCatchesUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = () => {
        this.#resume = undefined;
        resolve();
      };
      if (this.#transport.destroyed) this.#resume();
      else this.#transport.once("close", this.#resume);
    });
  }

  #sendHeaders(
    headers: SpdyHeaders,
    frameOf: (block: Buffer) => Parameters<typeof encodeSpdyFrame>[0],
  ): void {
    this.#packing = this.#packing
      .then(async () => this.#send(frameOf(await this.#packer.pack(headers))))
      .catch((error: Error) => this.#transport.destroy(error));
  }

  /** Data waits for the headers that were sent before it. */
  #sendData(streamId: number, payload: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    void this.#packing.then(() => {
      const { frameBytes } = this.#options;
      let at = 0;
      while (payload.length - at > frameBytes) {
        this.#send({ type: "data", streamId, fin: false, payload: payload.subarray(at, at + frameBytes) });
        at += frameBytes;
      }
      const last = encodeSpdyFrame({ type: "data", streamId, fin, payload: payload.subarray(at) });
      if (!this.#transport.writable) done(new Error("the connection is closed"));
      else this.#transport.write(last, done);
    });
  }

  /** A reset that overtook the reply to its stream would tell the other side that the stream was never accepted. */
  #sendReset(streamId: number, status: number): void {
    void this.#packing.then(() => this.#send({ type: "rstStream", streamId, status }));
  }

  #send(frame: Parameters<typeof encodeSpdyFrame>[0]): void {
    if (this.#transport.writable) this.#transport.write(encodeSpdyFrame(frame));
  }
}

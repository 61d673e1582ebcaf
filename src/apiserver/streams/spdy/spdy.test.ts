import assert from "node:assert/strict";
import { once } from "node:events";
import { duplexPair } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { must } from "#base";
import { SpdyConnection } from "./connection.ts";
import { spdyDictionary } from "./dictionary.ts";
import { encodeSpdyFrame, type SpdyFrame, SpdyFrameDecoder } from "./frames.ts";
import { HeaderPacker, HeaderUnpacker } from "./headers.ts";
import type { SpdyStream } from "./stream.ts";

const limits = { maxFrameBytes: 1 << 20, maxHeaderBytes: 1 << 16, maxStreams: 100, frameBytes: 1000 };

function adler32(bytes: Buffer): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** Both ends of one connection; the server answers each stream with what `serve` does. */
function pair(serve: (stream: SpdyStream) => void, more: Partial<typeof limits> = {}) {
  const [left, right] = duplexPair();
  const server = new SpdyConnection(right, { ...limits, ...more, role: "server", onStream: serve });
  const client = new SpdyConnection(left, { ...limits, role: "client" });
  return { client, server, left, right };
}

test("the dictionary is the one that SPDY/3 prescribes", () => {
  assert.equal(spdyDictionary.length, 1423);
  assert.equal(adler32(spdyDictionary), 0xe3c6a7c2);
});

const id = fc.integer({ min: 1, max: 0x7fff_ffff });
const bytes = fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list));
const frame: fc.Arbitrary<Exclude<SpdyFrame, { type: "other" }>> = fc.oneof(
  ...[
    { type: fc.constant("data" as const), streamId: id, fin: fc.boolean(), payload: bytes },
    {
      type: fc.constant("synStream" as const),
      streamId: id,
      fin: fc.boolean(),
      priority: fc.integer({ min: 0, max: 7 }),
      headers: bytes,
    },
    { type: fc.constant("synReply" as const), streamId: id, fin: fc.boolean(), headers: bytes },
    { type: fc.constant("headers" as const), streamId: id, fin: fc.boolean(), headers: bytes },
    { type: fc.constant("rstStream" as const), streamId: id, status: fc.integer({ min: 1, max: 11 }) },
    { type: fc.constant("ping" as const), id: fc.nat() },
    { type: fc.constant("goAway" as const), lastStreamId: id, status: fc.nat(2) },
    { type: fc.constant("windowUpdate" as const), streamId: id, delta: id },
  ].map((model) => fc.record(model as never, { noNullPrototype: true }) as fc.Arbitrary<never>),
);

test("frames come out as they went in, wherever the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (frames, cut) => {
      const stream = Buffer.concat(frames.map(encodeSpdyFrame));
      const decoder = new SpdyFrameDecoder(1000);
      const received: SpdyFrame[] = [];
      for (let at = 0; at < stream.length; at += cut) {
        received.push(...decoder.push(stream.subarray(at, at + cut)));
      }
      assert.deepEqual(received, frames);
    }),
  );
});

test("headers come out as they went in, one block after the other", async () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((each) => each !== "__proto__");
  const blocks = fc.array(
    fc.dictionary(
      name,
      fc.string({ maxLength: 30 }).map((each) => each.replaceAll("\0", "")),
      { noNullPrototype: true },
    ),
    {
      maxLength: 5,
    },
  );
  await fc.assert(
    fc.asyncProperty(blocks, async (list) => {
      const [packer, unpacker] = [new HeaderPacker(), new HeaderUnpacker(10_000)];
      for (const headers of list)
        assert.deepEqual(await unpacker.unpack(await packer.pack(headers)), headers);
      packer.close();
      unpacker.close();
    }),
    { numRuns: 50 },
  );
});

test("headers that unpack to too much, or to nonsense, are refused", async () => {
  const packer = new HeaderPacker();
  const block = await packer.pack({ bomb: "a".repeat(100_000) });
  await assert.rejects(new HeaderUnpacker(1000).unpack(block), /longer than the 1000 bytes/);
  await assert.rejects(new HeaderUnpacker(1000).unpack(Buffer.from("nonsense")));
});

test("what is no SPDY/3, too long or too short is refused", () => {
  const refused = (...pieces: number[]) =>
    assert.throws(() => new SpdyFrameDecoder(100).push(Buffer.from(pieces)));
  refused(0x80, 2, 0, 1, 0, 0, 0, 0);
  refused(0, 0, 0, 1, 0, 0xff, 0xff, 0xff);
  refused(0x80, 3, 0, 3, 0, 0, 0, 1, 0);
});

test("a stream carries bytes both ways, and each side ends for itself", async () => {
  const { client, server } = pair((stream) => {
    stream.on("data", (chunk: Buffer) => stream.write(chunk.toString().toUpperCase()));
    stream.on("end", () => stream.end("."));
  });
  const stream = client.open({ streamtype: "data", port: "80" });
  stream.write("hello ");
  stream.end("world");
  assert.equal((await buffer(stream)).toString(), "HELLO WORLD.");
  client.close();
  await Promise.all([client.closed, server.closed]);
});

test("headers arrive with their stream, and many streams run at once", async () => {
  const { client } = pair((stream) => stream.end(`${stream.headers.port}:${stream.headers.streamtype}`));
  const answers = Array.from({ length: 40 }, async (_, index) => {
    const stream = client.open({ streamtype: "data", port: String(index) });
    stream.end();
    return (await buffer(stream)).toString();
  });
  assert.deepEqual(
    await Promise.all(answers),
    answers.map((_, index) => `${index}:data`),
  );
  client.close();
});

test("large data arrives whole, in frames of the agreed size", async () => {
  const sent = Buffer.alloc(300_000, "0123456789");
  const { client } = pair((stream) => stream.end(sent));
  const stream = client.open({});
  stream.end();
  assert.equal(crc32(await buffer(stream)), crc32(sent));
  client.close();
});

test("a slow reader holds the sender back instead of filling memory", async () => {
  const accepted = Promise.withResolvers<SpdyStream>();
  const { client, right } = pair((stream) => accepted.resolve(stream));
  const sender = client.open({});
  const stream = await accepted.promise;
  const chunk = Buffer.alloc(16 * 1024);
  let sent = 0;
  while (sent < 64 && sender.write(chunk)) {
    sent += 1;
    await new Promise(setImmediate);
  }
  assert.ok(sent < 64, "the sender was held back");
  assert.ok(right.readableLength <= 1 << 17);
  const received = buffer(stream);
  sender.end();
  assert.equal((await received).length, (sent + 1) * chunk.length);
  client.close();
});

test("a stream that is given up ends on the other side, and only that one", async () => {
  const accepted: SpdyStream[] = [];
  const { client } = pair((stream) => void accepted.push(stream));
  const [first, second] = [client.open({}), client.open({})];
  second.write("x");
  while (accepted.length < 2) await new Promise(setImmediate);
  first.destroy();
  await once(must(accepted[0], "first"), "close");
  assert.equal(accepted[1]?.destroyed, false);
  client.close();
});

test("a stream that is given up at once was accepted first", async () => {
  const [left, right] = duplexPair();
  new SpdyConnection(right, { ...limits, role: "server", onStream: (stream) => stream.destroy() });
  const headers = await new HeaderPacker().pack({ streamtype: "data", port: "80" });
  left.write(encodeSpdyFrame({ type: "synStream", streamId: 1, fin: false, priority: 0, headers }));
  const decoder = new SpdyFrameDecoder(1000);
  const answers: SpdyFrame[] = [];
  left.on("data", (piece: Buffer) => answers.push(...decoder.push(piece)));
  while (answers.length < 2) await once(left, "data");
  assert.deepEqual(
    answers.map(({ type }) => type),
    ["synReply", "rstStream"],
  );
  left.destroy();
});

test("pings are answered, streams beyond the limit refused, and the end of the connection ends its streams", async () => {
  const accepted: SpdyStream[] = [];
  const { client, server, left } = pair((stream) => void accepted.push(stream), { maxStreams: 1 });
  const first = client.open({});
  const refused = client.open({});
  await once(refused, "close");
  assert.equal(accepted.length, 1);
  left.destroy();
  await Promise.all([once(first, "close"), server.closed, client.closed]);
  assert.ok(accepted[0]?.destroyed);
});

test("a ping comes back", async () => {
  const [left, right] = duplexPair();
  new SpdyConnection(right, { ...limits, role: "server" });
  left.write(encodeSpdyFrame({ type: "ping", id: 7 }));
  const [answer] = (await once(left, "data")) as [Buffer];
  assert.deepEqual(new SpdyFrameDecoder(100).push(answer), [{ type: "ping", id: 7 }]);
  left.destroy();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameDecoder } from "#base";
import {
  contentsOf,
  dataOf,
  frameStart,
  frameStartWithHead,
  maxHeadBytes,
  requestNumber,
  trunkFrames,
} from "./frames.ts";

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("heads and bodies come out as they went in, wherever the stream is cut", () => {
  const sent = fc.record({
    request: number,
    head: fc.string({ unit: "grapheme", maxLength: 60 }),
    body: fc.uint8Array({ maxLength: 60 }),
  });
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (requests, piece) => {
      const stream = Buffer.concat(
        requests.flatMap(({ request, head, body }) => [
          frameStartWithHead(trunkFrames.request, request, head, body.length),
          body,
        ]),
      );
      const decoder = new FrameDecoder(1_000);
      const frames = [];
      for (let at = 0; at < stream.length; at += piece) {
        frames.push(...decoder.push(stream.subarray(at, at + piece)));
      }
      assert.ok(decoder.isWhole);
      assert.deepEqual(
        frames.map((frame) => ({
          type: frame.channel,
          request: requestNumber(frame),
          ...copied(contentsOf(frame)),
        })),
        requests.map((one) => ({ type: trunkFrames.request, ...one })),
      );
    }),
  );
});

test("data is what follows the number of its request", () => {
  fc.assert(
    fc.property(number, fc.uint8Array({ maxLength: 60 }), (request, data) => {
      const [frame] = new FrameDecoder(1_000).push(
        Buffer.concat([frameStart(trunkFrames.data, request, data.length), data]),
      );
      assert.ok(frame);
      assert.equal(requestNumber(frame), request);
      assert.deepEqual(Uint8Array.from(dataOf(frame)), data);
    }),
  );
});

test("a head is as long as HTTP allows, and no longer", () => {
  const longest = "x".repeat(maxHeadBytes);
  const [frame] = new FrameDecoder(100_000).push(frameStartWithHead(trunkFrames.answer, 1, longest, 0));
  assert.equal(frame && contentsOf(frame).head, longest);
  assert.throws(() => frameStartWithHead(trunkFrames.answer, 1, `${longest}x`, 0), RangeError);
});

test("what is shorter than it says is refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (payload) => {
      const frame = { channel: trunkFrames.request, payload };
      try {
        requestNumber(frame);
        contentsOf(frame);
      } catch (error) {
        assert.ok(error instanceof RangeError || error instanceof TypeError);
      }
    }),
  );
  assert.throws(() => requestNumber({ channel: 1, payload: new Uint8Array(3) }), RangeError);
  assert.throws(() => contentsOf({ channel: 1, payload: Uint8Array.of(0, 0, 0, 1, 0, 9, 65) }), RangeError);
});

/** Without regard to what kind of view of bytes a body is. */
function copied({ head, body }: { head: string; body: Uint8Array }): { head: string; body: Uint8Array } {
  return { head, body: Uint8Array.from(body) };
}

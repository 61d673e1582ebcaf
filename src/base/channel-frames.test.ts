import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeFrame, FrameDecoder } from "./channel-frames.ts";

const frames = fc.array(
  fc.record(
    { channel: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array({ maxLength: 40 }) },
    { noNullPrototype: true },
  ),
  { maxLength: 8 },
);

test("frames come out as they went in, wherever the stream is cut", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Uint8Array.from(sent.flatMap((each) => [...encodeFrame(each.channel, each.payload)]));
      const decoder = new FrameDecoder(40);
      const received = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const length = cuts[turn % cuts.length] ?? 1;
        received.push(...decoder.push(stream.slice(at, at + length)));
        at += length;
      }
      assert.deepEqual(
        received.map(({ channel, payload }) => ({ channel, payload: Uint8Array.from(payload) })),
        sent,
      );
    }),
  );
});

test("a frame beyond the limit is refused by its header alone", () => {
  const decoder = new FrameDecoder(10);
  assert.throws(() => decoder.push(encodeFrame(1, new Uint8Array(11)).subarray(0, 5)), RangeError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Answer, answer } from "../../http/answer.ts";
import { readAnswer, writeAnswer } from "./stored-answer.ts";

test("who comes again is given what was kept: JSON, text, bytes or nothing, with its status and headers", () => {
  const body = fc.oneof(
    fc.constant(undefined),
    fc.string(),
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(body, (value) => {
      assert.deepEqual(readAnswer(writeAnswer(value)), value);
      const refused = readAnswer(writeAnswer(answer(402, value, { "x-a": "1" })));
      assert.ok(refused instanceof Answer);
      assert.deepEqual([refused.status, refused.body, refused.headers], [402, value, { "x-a": "1" }]);
    }),
  );
});

test("a stream is not kept as something else", () => {
  const stream = async function* () {};
  for (const result of [stream(), answer(200, stream())])
    assert.throws(() => writeAnswer(result), /a stream cannot be kept under an idempotency key/);
});

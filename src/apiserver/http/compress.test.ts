import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { bytesAnswer } from "../pipeline/answers.ts";
import { compressed } from "./compress.ts";

const large = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(1_000_000) }));
const wants = { "accept-encoding": "gzip, deflate" };
const far = { remoteAddress: "192.0.2.1" };

test("a large answer to another machine is compressed when it may be", async () => {
  const pieces = { length: large.length, pieces: [large.subarray(0, 10), large.subarray(10)] };
  for (const body of [large, pieces]) {
    const answer = await compressed(bytesAnswer(body), wants, far);
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.ok(answer.body.length < large.length / 10);
    assert.deepEqual(gunzipSync(answer.body as Uint8Array), Buffer.from(large));
  }
});

test("small answers, answers to this machine, and to who did not ask, stay as they are", async () => {
  const small = bytesAnswer(new Uint8Array(100));
  assert.equal(await compressed(small, wants, far), small);
  const answer = bytesAnswer(large);
  assert.equal(await compressed(answer, {}, far), answer);
  for (const remoteAddress of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(await compressed(answer, wants, { remoteAddress }), answer);
  }
});

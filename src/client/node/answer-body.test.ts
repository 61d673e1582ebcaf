import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerBody } from "./answer-body.ts";

function newBody() {
  const told: string[] = [];
  const flow = {
    hold: () => void told.push("hold"),
    release: () => void told.push("release"),
    giveUp: () => void told.push("give up"),
  };
  return { body: new AnswerBody(flow), told };
}

const half = new Uint8Array(512 * 1024);

test("the connection is held while much lies unread, and released when all of that is read", async () => {
  const { body, told } = newBody();
  body.push(half);
  assert.deepEqual(told, []);
  body.push(half);
  body.push(half);
  assert.deepEqual(told, ["hold"]);
  await body.next();
  await body.next();
  assert.deepEqual(told, ["hold"]);
  await body.next();
  assert.deepEqual(told, ["hold", "release"]);
});

test("a body that has arrived concerns its connection no more", async () => {
  const { body, told } = newBody();
  body.push(half);
  body.push(half);
  body.end();
  await body.next();
  await body.next();
  assert.equal((await body.next()).done, true);
  await body.return();
  assert.deepEqual(told, ["hold"]);
});

test("who waits for more gets it, or the end, or the error", async () => {
  const { body } = newBody();
  const first = body.next();
  body.push(half);
  assert.equal((await first).value, half);
  const end = body.next();
  body.end({ error: new Error("broken") });
  await assert.rejects(end, /broken/);
  await assert.rejects(body.next(), /broken/);
});

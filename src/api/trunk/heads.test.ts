import assert from "node:assert/strict";
import { test } from "node:test";
import { answerHeadText, HeadReader, requestHeadText } from "./heads.ts";

test("heads come out as they went in", () => {
  const reader = new HeadReader();
  const request = {
    method: "PATCH",
    path: "/api/v1/pods?fieldManager=a%20b",
    headers: { accept: "application/json", warning: '299 - "größer"' },
  };
  assert.deepEqual(reader.request(requestHeadText(request)), request);
  const answer = { status: 201, headers: { "content-type": "application/json" } };
  assert.deepEqual(reader.answer(answerHeadText(answer)), answer);
});

test("the same headers are read once", () => {
  const reader = new HeadReader();
  const text = (path: string) => requestHeadText({ method: "GET", path, headers: { accept: "text/plain" } });
  assert.equal(reader.request(text("/a")).headers, reader.request(text("/b")).headers);
});

test("what HTTP would refuse is no head", () => {
  const reader = new HeadReader();
  const heads = [
    "",
    "GET /version",
    "GET /version\n",
    "GET /version\n[]",
    "GET /version\nnull",
    'GET /version\n{"accept":1}',
    'GET /version\n{"accept":"a\\r\\nb"}',
    'GET /version\n{"Accept":"a"}',
    'GET /version\n{"":"a"}',
    "GET version\n{}",
    "GET /a b\n{}",
    "GET /\u00fc\n{}",
    "get /version\n{}",
    "GET\n{}",
  ];
  for (const head of heads) assert.throws(() => reader.request(head), SyntaxError, JSON.stringify(head));
  for (const head of ["", "200", "20\n{}", "OK\n{}", "200\n1"]) {
    assert.throws(() => reader.answer(head), SyntaxError, JSON.stringify(head));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.ts";
import { StoredEntry } from "./stored-entry.ts";
import { Templates } from "./templates.ts";

test("a packed entry has the value that was put, whatever was packed before it", () => {
  const text = fc.oneof(
    fc.json(),
    fc
      .record({
        kind: fc.constant("Pod"),
        name: fc.string(),
        labels: fc.dictionary(fc.string(), fc.string()),
      })
      .map((pod) => JSON.stringify({ ...pod, rest: "the same in all ".repeat(9) })),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
      const templates = new Templates();
      const entries = texts.map((each) => entryOf(each));
      for (const entry of entries) entry.pack(templates);
      for (const [index, entry] of entries.entries()) {
        assert.equal(Buffer.from(entry.value).toString(), texts[index]);
        assert.equal(entry.size, Buffer.byteLength(texts[index] ?? ""));
      }
    }),
    { numRuns: 500 },
  );
});

test("values that take turns in being alike each find their template", () => {
  const templates = new Templates();
  const shapes = Array.from({ length: limits.templates }, (_, shape) => `shape ${shape} `.repeat(40));
  const pack = (shape: string, name: string) =>
    templates.pack(Buffer.from(`{"spec":"${shape}","name":"${name}"}`));
  for (const shape of shapes) assert.equal(pack(shape, "first"), undefined);
  for (const shape of [...shapes, ...shapes]) assert.ok(pack(shape, "next"));
});

test("values that are like no other are kept as they are", () => {
  const templates = new Templates();
  for (let seed = 1; seed < 100; seed += 1) {
    const noise = Buffer.from(Array.from({ length: 500 }, (_, at) => (at * seed * 7919) % 251));
    const entry = new StoredEntry({ key: "k", value: noise, createRevision: 1, modRevision: 1 });
    entry.pack(templates);
    assert.equal(entry.value, noise);
  }
});

test("a packed value that is asked for again is not made again", () => {
  const entry = packed();
  assert.equal(String(entry.value), alike("other"));
  assert.equal(entry.value, entry.value);
});

test("what is looked at once is kept for nobody", () => {
  const entry = packed();
  assert.notEqual(entry.peek(), entry.peek());
  assert.deepEqual(entry.peek(), entry.value);
  assert.equal(entry.peek(), entry.value, "what somebody keeps is there for those who only look, too");
});

test("a value that is kept keeps no memory but its own", () => {
  const { value, size } = packed();
  assert.equal(value.buffer.byteLength, size);
});

test("what is too large to be looked through is left as it is", () => {
  const templates = new Templates();
  const large = "x".repeat(limits.packedBytes + 1);
  const entries = [entryOf(large), entryOf(large)];
  for (const entry of entries) entry.pack(templates);
  assert.equal(entries[1]?.value, entries[1]?.value);
});

function entryOf(text: string): StoredEntry {
  return new StoredEntry({ key: "k", value: Buffer.from(text), createRevision: 1, modRevision: 1 });
}

/** An entry that is told by its differences from another. */
function packed(): StoredEntry {
  const templates = new Templates();
  entryOf(alike("one")).pack(templates);
  const entry = entryOf(alike("other"));
  const before = entry.value;
  entry.pack(templates);
  assert.notEqual(entry.peek(), before);
  return entry;
}

function alike(name: string): string {
  return `{"rest":"${"alike ".repeat(50)}","name":"${name}"}`;
}

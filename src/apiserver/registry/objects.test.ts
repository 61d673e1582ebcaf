import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "#api";
import { kindDefinitions } from "#api/behaviour";
import type { Entry } from "#store";
import { podNamed } from "../testing/ask.ts";
import { encode } from "./bytes.ts";
import { Catalogue } from "./catalogue.ts";
import { factsOf, Objects } from "./objects.ts";

const kind = new Catalogue(kindDefinitions).of(pods);

function entryOf(name: string, memo?: unknown): Entry {
  const pod = podNamed(name, { metadata: { uid: name } });
  const value = encode(pod);
  return { key: name, value, peek: () => value, size: value.length, createRevision: 1, modRevision: 1, memo };
}

test("what was read is kept while others are read, as long as it is asked for", () => {
  const used = entryOf("used");
  const once = entryOf("once");
  const objects = new Objects(10 * used.size);
  const [first, other] = [objects.read(kind, used), objects.read(kind, once)];
  for (let index = 0; index < 40; index++) {
    objects.read(kind, entryOf(`p${index}`));
    assert.equal(objects.read(kind, used), first);
  }
  assert.notEqual(objects.peek(kind, once), other);
});

test("what is only peeked at is not kept", () => {
  const objects = new Objects();
  const entry = entryOf("a");
  assert.notEqual(objects.peek(kind, entry), objects.peek(kind, entry));
});

test("facts that the writer handed over are not made again; others are made once", () => {
  const objects = new Objects();
  const facts = factsOf(kind, podNamed("a"));
  assert.equal(objects.facts(kind, entryOf("a", { kind, facts, managedFields: undefined })), facts);
  const loaded = entryOf("b");
  assert.equal(objects.facts(kind, loaded).metadata.name, "b");
  assert.equal(objects.facts(kind, loaded), objects.facts(kind, loaded));
});

test("the facts of a later version are those of the earlier one until they change", () => {
  const labels = { app: "shop" };
  const pod = (phase: string, more: object = labels) =>
    podNamed("a", { metadata: { labels: { ...more } }, status: { phase } });
  const facts = factsOf(kind, pod("Pending"));
  assert.equal(factsOf(kind, pod("Pending"), facts), facts);
  assert.equal(factsOf(kind, pod("Running"), facts).fields["status.phase"], "Running");
  assert.deepEqual(factsOf(kind, pod("Pending", { app: "till" }), facts).metadata.labels, { app: "till" });
});

test("objects that are alike share the labels of their facts, but none that are large", () => {
  const labelsOf = (labels: Record<string, string>) =>
    factsOf(kind, podNamed("a", { metadata: { labels: { ...labels } } })).metadata.labels;
  const small = { app: "shop" };
  assert.equal(labelsOf(small), labelsOf(small));
  const large = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`label-${at}`, "x".repeat(20)]));
  assert.notEqual(labelsOf(large), labelsOf(large));
  assert.deepEqual(labelsOf(large), large);
});

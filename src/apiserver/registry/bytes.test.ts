import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "#base";
import {
  around,
  decode,
  decodeParted,
  encode,
  encodeMarked,
  restamp,
  shareFieldSet,
  stamp,
} from "./bytes.ts";

const fields = fc.dictionary(fc.string(), fc.jsonValue());

test("an object comes back from its stamped bytes as it was, with its resource version", () => {
  fc.assert(
    fc.property(fields, fields, fc.nat(), (spec, annotations, revision) => {
      const metadata = { uid: "u", annotations: annotations as Record<string, string> };
      const object = { apiVersion: "v1", kind: "Pod", metadata, spec };
      const expected = JSON.parse(
        JSON.stringify({ ...object, metadata: { ...metadata, resourceVersion: String(revision) } }),
      );
      assert.deepEqual(decode(stamp(encode(object), revision)), expected);
    }),
  );
});

test("the version goes into the object's own metadata, whatever is nested before and inside", () => {
  const template = { metadata: { labels: { a: "b" } } };
  const object = {
    spec: { template },
    metadata: { annotations: { note: '"metadata":{' }, uid: "u", resourceVersion: "1" },
    kind: "Deployment",
    apiVersion: "apps/v1",
  };
  const { metadata, ...rest } = decode(stamp(encode(object), 7)) as typeof object;
  assert.equal(metadata.resourceVersion, "7");
  assert.deepEqual(rest.spec, { template });
});

test("the bytes of a deleted object take the revision of their deletion", () => {
  const bytes = stamp(encode({ apiVersion: "v1", kind: "Pod", metadata: { uid: "u", name: "a" } }), 7);
  assert.equal(decode(restamp(bytes, 7, 1234)).metadata?.resourceVersion, "1234");
  assert.equal(decode(bytes).metadata?.resourceVersion, "7");
});

test("sealed bytes are not stamped", () => {
  const sealed = new Uint8Array([1, 2, 3]);
  assert.equal(stamp(sealed, 7), sealed);
});

test("field sets come back as they were, shared ones too, in entries of every sort", () => {
  const fieldsV1 = { "f:spec": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } } };
  const managedFields = [
    { manager: "a", operation: "Update", fieldsType: "FieldsV1", fieldsV1, subresource: "status" },
    { manager: "b", operation: "Apply", fieldsType: "FieldsV1" },
  ];
  const object = { apiVersion: "v1", kind: "Pod", metadata: { uid: "u", managedFields } };
  const before = encode(object);
  shareFieldSet(fieldsV1);
  for (const bytes of [before, encode(object)]) assert.deepEqual(decode(bytes), object);
  assert.deepEqual(decode(encode({ ...object, metadata: { uid: "u", managedFields: [] } })).metadata, {
    uid: "u",
    managedFields: [],
  });
});

test("what is around the managed fields is the object without them, whatever its revision and its text", () => {
  const managedFields = [{ manager: "ü", fieldsV1: { "f:data": { 'k:"]},': {} } } }];
  for (const rest of [{}, { data: { 'ö"managedFields":[': "]}" } }]) {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { uid: "u", managedFields }, ...rest };
    const { bytes, managedFields: place } = encodeMarked(object);
    for (const stamped of [stamp(bytes, 7), restamp(stamp(bytes, 7), 7, 12345)]) {
      const { metadata, ...left } = decode(Buffer.concat(around(stamped, must(place, "it has some"))));
      assert.deepEqual(Object.keys(metadata ?? {}), ["resourceVersion", "uid"]);
      assert.deepEqual(left, { apiVersion: "v1", kind: "ConfigMap", ...rest });
    }
  }
});

test("managed fields are carried to the next version as they lie, whatever is around them", () => {
  fc.assert(
    fc.property(fields, fields, fc.boolean(), (labels, spec, isStamped) => {
      const managedFields = [{ manager: "ü", operation: "Update", fieldsV1: { 'f:"ü"': {} } }];
      const metadata = { uid: "u", labels: labels as Record<string, string>, managedFields };
      const pod = { apiVersion: "v1", kind: "Pod", metadata, spec };
      const marked = encodeMarked(pod);
      const bytes = isStamped ? stamp(marked.bytes, 7) : marked.bytes;
      const parted = decodeParted(bytes, must(marked.managedFields, "it has some"));
      const { managedFields: stored, ...rest } = must(decode(bytes).metadata, "it has some");
      assert.deepEqual(parted.object, { ...decode(bytes), metadata: rest });
      const changed = { ...parted.object, status: { next: "ü" } };
      const next = encodeMarked(changed, parted.managedFields);
      assert.deepEqual(decode(next.bytes).metadata?.managedFields, stored);
      const again = decodeParted(next.bytes, must(next.managedFields, "they are carried"));
      assert.deepEqual(Buffer.from(again.managedFields ?? []), Buffer.from(parted.managedFields ?? []));
    }),
  );
});

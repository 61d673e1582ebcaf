import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { pods, secrets } from "#api";
import { systemRandom } from "#base";
import { openKeyRing } from "./key-ring.ts";
import { secretsTransformer } from "./secrets-transformer.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-encryption-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "encryption-keys.json");
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");

test("what is sealed opens again, under its own key only, and shows nothing", () => {
  const transformer = secretsTransformer(openKeyRing(path, systemRandom), systemRandom);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8 }), (bytes) => {
      const sealed = transformer.seal(bytes, "/registry/core/secrets/a/b");
      assert.notEqual(sealed[0], 0x7b);
      assert.equal(Buffer.from(sealed).includes(bytes), false);
      assert.deepEqual(new Uint8Array(transformer.open(sealed, "/registry/core/secrets/a/b")), bytes);
      assert.throws(() => transformer.open(sealed, "/registry/core/secrets/a/c"), /was changed/);
    }),
  );
  assert.ok(transformer.handles(secrets));
  assert.ok(!transformer.handles(pods));
});

test("every changed byte is noticed", () => {
  const transformer = secretsTransformer(openKeyRing(path, systemRandom), systemRandom);
  const sealed = transformer.seal(Buffer.from('{"data":{"password":"x"}}'), "/k");
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => transformer.open(changed, "/k"), /cannot open \/k/, `byte ${at}`);
  }
});

test("the key file is its owner's alone, and read again", () => {
  const key = openKeyRing(path, systemRandom).current;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(openKeyRing(path, systemRandom).current, key);
});

test("after a change of keys the old Secrets still open, until the old key is taken away", () => {
  const old = secretsTransformer(openKeyRing(path, systemRandom), systemRandom);
  const sealed = old.seal(Buffer.from("{}"), "/k");
  const file = JSON.parse(readFileSync(path, "utf8"));
  const added = { id: "key-2", secret: Buffer.alloc(32, 7).toString("base64") };
  const both = join(directory, "both.json");
  writeFileSync(both, JSON.stringify({ ...file, keys: [added, ...file.keys] }));
  const rotated = secretsTransformer(openKeyRing(both, systemRandom), systemRandom);
  assert.equal(text(rotated.open(sealed, "/k")), "{}");
  assert.throws(
    () => old.open(rotated.seal(Buffer.from("{}"), "/k"), "/k"),
    /sealed with the key "key-2", which is not in/,
  );
});

test("a Secret stored in the clear still opens", () => {
  const transformer = secretsTransformer(openKeyRing(path, systemRandom), systemRandom);
  assert.equal(text(transformer.open(Buffer.from('{"kind":"Secret"}'), "/k")), '{"kind":"Secret"}');
});

test("a broken key file is named, and left alone", () => {
  const broken = join(directory, "broken.json");
  for (const content of [
    "",
    "{",
    '{"formatVersion":2,"keys":[]}',
    '{"formatVersion":1,"keys":[]}',
    '{"formatVersion":1,"keys":[{"id":"a","secret":"eA=="}]}',
  ]) {
    writeFileSync(broken, content);
    assert.throws(
      () => openKeyRing(broken, systemRandom),
      /cannot read the encryption keys in .*broken\.json.*Restore/,
    );
    assert.equal(readFileSync(broken, "utf8"), content);
  }
});

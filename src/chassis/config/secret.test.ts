import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Secret } from "./secret.ts";

test("a secret is not printed, however one tries", () => {
  const password = new Secret("hunter2");
  const tries = [
    `${password}`,
    String(password),
    `${[password]}`,
    JSON.stringify({ password }),
    inspect(password),
    inspect({ deep: { password } }, { showHidden: true, depth: 9 }),
    format("%s %o %O %j", password, password, password, password),
    JSON.stringify(Object.entries(password)),
    String(structuredClone({ ...password })),
    new Error(`cannot log in with ${password}`).message,
  ];
  for (const text of tries) assert.doesNotMatch(text, /hunter2/);
  assert.equal(password.reveal(), "hunter2");
});

test("two secrets are compared without being shown", () => {
  assert.ok(new Secret("a").equals(new Secret("a")));
  assert.ok(!new Secret("a").equals(new Secret("b")));
});

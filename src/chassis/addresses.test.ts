import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressSet } from "./addresses.ts";

test("addresses and ranges of both families, however a socket writes them", () => {
  const set = new AddressSet(["127.0.0.0/8", "10.1.2.3", "::1", "fd00::/8"]);
  for (const address of ["127.9.9.9", "::ffff:127.0.0.1", "10.1.2.3", "::1", "fd12::7"])
    assert.ok(set.has(address), address);
  for (const address of ["10.1.2.4", "::2", "fe80::1", "", "localhost"])
    assert.ok(!set.has(address), address);
});

test("what is neither is a mistake that is told", () => {
  for (const wrong of ["10.0.0.0/33", "10.0.0.0/8/24", "localhost", "10.0.0.0/", "::/129", ""])
    assert.throws(() => new AddressSet([wrong]), /is neither an address nor a range/, wrong);
});

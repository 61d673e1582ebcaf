import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AddressSet, subscriberOf } from "./addresses.ts";

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

test("an address of IPv6 stands for its whole network, one of IPv4 for itself", () => {
  for (const [address, subscriber] of [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:0:1::7", "2001:db8:0:1::/64"],
    ["2001:0DB8:0000:0001:ffff::", "2001:db8:0:1::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
    ["::", "0:0:0:0::/64"],
    ["unknown", "unknown"],
  ] as const)
    assert.equal(subscriberOf(address), subscriber, address);
});

test("all addresses of a network stand for one", () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const half = fc.array(group, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(half, half, half, (network, one, other) => {
      const [first, second] = [one, other].map((host) => subscriberOf([...network, ...host].join(":")));
      assert.equal(first, second);
      assert.equal(first, `${network.join(":")}::/64`);
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Leases } from "./leases.ts";

test("no two pods ever hold the same address, and none holds the network's, the gateway's or the broadcast address", () => {
  const step = fc.record({ release: fc.boolean(), id: fc.integer({ min: 0, max: 12 }).map(String) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const leases = new Leases("10.244.3.0/28");
      for (const { release, id } of steps) {
        if (release) leases.release(id);
        else leases.lease(id);
        const addresses = leases.entries().map(([, address]) => address);
        assert.equal(new Set(addresses).size, addresses.length);
        for (const reserved of ["10.244.3.0", "10.244.3.1", "10.244.3.15"])
          assert.ok(!addresses.includes(reserved));
      }
    }),
  );
});

test("an address just freed rests while others are left", () => {
  const leases = new Leases("10.244.3.0/28");
  const first = leases.lease("a");
  leases.release("a");
  assert.notEqual(leases.lease("b"), first);
});

test("leases read back keep their addresses", () => {
  const leases = new Leases("10.244.3.0/28");
  leases.lease("a");
  const again = new Leases("10.244.3.0/28", leases.entries());
  assert.equal(again.lease("a"), leases.lease("a"));
  assert.notEqual(again.lease("b"), leases.lease("a"));
});

test("a range that is used up says so and what to do", () => {
  const leases = new Leases("10.244.3.0/29");
  for (const id of ["a", "b", "c", "d", "e"]) leases.lease(id);
  assert.throws(() => leases.lease("f"), /all 5 of this node's range are in use; delete pods/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "#api";
import { capacityOf, loadAt, serve, sharedCapacity, surgeAt } from "./load.ts";

const hour = 3_600_000;
const day = [
  { atMs: 4 * hour, perSecond: 60 },
  { atMs: 12 * hour, perSecond: 220 },
  { atMs: 20 * hour, perSecond: 300 },
];

test("between two times of day the load lies on a line, also over midnight", () => {
  assert.deepEqual(
    [4, 8, 12, 20, 0, 2].map((at) => Math.round(loadAt(day, at * hour))),
    [60, 140, 220, 300, 180, 120],
  );
  assert.equal(loadAt([{ atMs: 9 * hour, perSecond: 5 }], 3 * hour), 5);
});

test("a load never leaves what its points span, and does not jump", () => {
  const point = fc.record({
    atMs: fc.integer({ min: 0, max: 86_399_999 }),
    perSecond: fc.integer({ min: 0, max: 1e6 }),
  });
  const curve = fc
    .uniqueArray(point, { minLength: 1, maxLength: 6, selector: ({ atMs }) => atMs })
    .map((points) => points.sort((a, b) => a.atMs - b.atMs));
  fc.assert(
    fc.property(curve, fc.integer({ min: 0, max: 86_399_999 }), (points, atMs) => {
      const load = loadAt(points, atMs);
      const all = points.map(({ perSecond }) => perSecond);
      assert.ok(load >= Math.min(...all) - 1e-6 && load <= Math.max(...all) + 1e-6);
    }),
  );
});

test("a surge ramps up, holds and ramps down within its time", () => {
  const surge = { service: "shop/web", times: 5, fromMs: hour, forMs: hour, rampMs: hour / 4 };
  const at = (minutes: number) => surgeAt(surge, minutes * 60_000);
  assert.deepEqual([59, 60, 67.5, 75, 90, 105, 112.5, 120].map(at), [1, 1, 3, 5, 5, 5, 3, 1]);
});

test("a pod serves what its requested cores can, or what a pod can", () => {
  const pod: Pod = { spec: { containers: [{ name: "a", resources: { requests: { cpu: "500m" } } }] } };
  assert.equal(capacityOf(pod, { per: "core", perSecond: 100 }), 50);
  assert.equal(capacityOf(pod, { per: "pod", perSecond: 70 }), 70);
  assert.equal(capacityOf(pod, { per: "nothing" }), Number.POSITIVE_INFINITY);
  assert.equal(capacityOf({}, { per: "core", perSecond: 100 }), Number.POSITIVE_INFINITY);
});

test("requests are spread evenly: dead endpoints lose theirs, others refuse what they cannot serve", () => {
  const alive = { isDead: false, capacityPerSecond: 30 };
  const dead = { isDead: true, capacityPerSecond: 30 };
  assert.deepEqual(serve(90, [alive, alive, alive]), { served: 90, lost: 0, refused: 0 });
  assert.deepEqual(serve(90, [alive, alive, dead]), { served: 60, lost: 30, refused: 0 });
  assert.deepEqual(serve(120, [alive, alive]), { served: 60, lost: 0, refused: 60 });
  assert.deepEqual(serve(10, []), { served: 0, lost: 10, refused: 0 });
});

test("services of one pod share what it can serve: within it all get theirs, beyond it each gets less by the same factor", () => {
  assert.equal(sharedCapacity(100, { own: 0.3, all: 0.3 }), 100);
  assert.equal(Math.round(sharedCapacity(100, { own: 0.3, all: 0.6 })), 50);
  assert.equal(Math.round(sharedCapacity(100, { own: 0.5, all: 2 })), 25);
  assert.equal(sharedCapacity(100, { own: 0, all: 2 }), 0);
  assert.equal(sharedCapacity(Number.POSITIVE_INFINITY, { own: 0, all: 1 }), Number.POSITIVE_INFINITY);
});

test("a pod never serves more than it can, however many services share it", () => {
  const service = fc.record({
    load: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
    capacity: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(service, { minLength: 1, maxLength: 5 }), (services) => {
      const all = services.reduce((sum, { load, capacity }) => sum + load / capacity, 0);
      const used = services.map(({ load, capacity }) => {
        const left = sharedCapacity(capacity, { own: load / capacity, all });
        return serve(load, [{ isDead: false, capacityPerSecond: left }]).served / capacity;
      });
      const total = used.reduce((sum, one) => sum + one, 0);
      assert.ok(Math.abs(total - Math.min(1, all)) < 1e-6 * Math.max(1, total));
    }),
  );
});

test("no request is served twice, and none is forgotten", () => {
  const endpoint = fc.record({ isDead: fc.boolean(), capacityPerSecond: fc.integer({ min: 0, max: 1000 }) });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.array(endpoint, { maxLength: 8 }),
      (perSecond, endpoints) => {
        const { served, lost, refused } = serve(perSecond, endpoints);
        assert.ok(Math.abs(served + lost + refused - perSecond) < 1e-6);
        assert.ok(served >= 0 && lost >= 0 && refused >= 0);
      },
    ),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Router } from "./router.ts";

const segment = fc.constantFrom("a", "b", "{x}", "{y}");
const template = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .filter(
    (segments) =>
      new Set(segments.filter((each) => each.startsWith("{"))).size ===
      segments.filter((each) => each.startsWith("{")).length,
  );
const path = fc.array(fc.constantFrom("a", "b", "c", "", "%61"), { minLength: 1, maxLength: 4 });

test("a path leads where trying every route one by one leads, fixed segments first", () => {
  fc.assert(
    fc.property(fc.array(template, { maxLength: 8 }), path, (templates, asked) => {
      const router = new Router<string>();
      const added = new Map<string, string[]>();
      for (const segments of templates) {
        // Routes that differ only in their parameters' names are the same route.
        const shape = segments.map((each) => (each.startsWith("{") ? "{}" : each)).join("/");
        if (added.has(shape)) continue;
        added.set(shape, segments);
        router.add("GET", `/${segments.join("/")}`, segments.join("/"));
      }
      const decoded = asked.map(decodeURIComponent);
      const fits = [...added.values()].filter(
        (segments) =>
          segments.length === decoded.length &&
          segments.every((each, at) => (each.startsWith("{") ? decoded[at] !== "" : each === decoded[at])),
      );
      // The leftmost fixed segment decides.
      const rank = (segments: string[]) =>
        segments.map((each) => (each.startsWith("{") ? "1" : "0")).join("");
      const best = fits.sort((one, other) => (rank(one) < rank(other) ? -1 : 1))[0];
      const match = router.match("GET", `/${asked.join("/")}`);
      if (!best) return assert.equal(match.found, "nothing");
      assert.ok(match.found === "route");
      assert.equal(match.target, best.join("/"));
      const expected = best.flatMap((each, at) =>
        each.startsWith("{") ? [[each.slice(1, -1), decoded[at]]] : [],
      );
      assert.deepEqual(Object.entries(match.params), expected);
    }),
  );
});

test("a path with another method is not nothing, and says which methods there are", () => {
  const router = new Router<number>();
  router.add("GET", "/orders/{id}", 1);
  router.add("DELETE", "/orders/{id}", 2);
  router.add("POST", "/orders/all", 3);
  const others = (path: string) => {
    const match = router.match("PUT", path);
    assert.ok(match.found === "others");
    return [...match.others.keys()].sort();
  };
  assert.deepEqual(others("/orders/7"), ["DELETE", "GET"]);
  assert.deepEqual(others("/orders/all"), ["DELETE", "GET", "POST"]);
  assert.equal(
    router.match("GET", "/orders/all").found,
    "route",
    "the parameter takes what the fixed segment does not",
  );
});

test("what is no percent-encoding is malformed, and an encoded slash is part of its segment", () => {
  const router = new Router<number>();
  router.add("GET", "/files/{name}", 1);
  assert.deepEqual(router.match("GET", "/files/%zz"), { found: "malformed" });
  const match = router.match("GET", "/files/a%2Fb");
  assert.ok(match.found === "route");
  assert.equal(match.params.name, "a/b");
});

test("a route that stands twice is a mistake in the program", () => {
  const router = new Router<number>();
  router.add("GET", "/orders/{id}", 1);
  assert.throws(() => router.add("GET", "/orders/{name}", 2), /two routes answer GET \/orders\/\{name\}/);
  assert.throws(() => router.add("GET", "/x/{a}/{a}", 1), /twice/);
  assert.throws(() => router.add("GET", "/x/a{b}", 1), /whole segment/);
});

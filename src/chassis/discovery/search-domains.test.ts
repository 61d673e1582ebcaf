import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import { dnsRegistry } from "./dns-registry.ts";
import type { Instance } from "./instance.ts";
import { parseSearchDomains, wholeNames } from "./search-domains.ts";

const inPod = parseSearchDomains(
  "search shop.svc.cluster.local svc.cluster.local. # of the pod\nnameserver 10.96.0.10\noptions timeout:1 ndots:5\n",
);

test("a machine says by what a name is completed; the last line counts, and nothing said is nothing searched", () => {
  assert.deepEqual(inPod, { domains: ["shop.svc.cluster.local", "svc.cluster.local"], ndots: 5 });
  assert.deepEqual(parseSearchDomains("domain a.example\nsearch b.example"), {
    domains: ["b.example"],
    ndots: 1,
  });
  assert.deepEqual(parseSearchDomains(""), { domains: [], ndots: 1 });
});

test("a name with few dots is searched for first, one with enough is asked for as it stands first, one that is whole alone", () => {
  const name = "_http._tcp.orders";
  const searched = [`${name}.shop.svc.cluster.local`, `${name}.svc.cluster.local`];
  assert.deepEqual(wholeNames(name, inPod), [...searched, name]);
  assert.deepEqual(wholeNames(name, { ...inPod, ndots: 2 }), [name, ...searched]);
  assert.deepEqual(wholeNames(`${name}.`, inPod), [name]);
});

test("the first name with records is it from then on, whatever becomes of the others", async () => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const heard: (readonly Instance[])[] = [];
  const right = "_http._tcp.orders.svc.cluster.local";
  let gone = false;
  const registry = dnsRegistry({
    clock,
    refreshMs: 1_000,
    search: async () => ({ domains: ["down.example", "svc.cluster.local"], ndots: 5 }),
    resolveSrv: async (name) => {
      asked.push(name);
      if (name === right && !gone) return [{ name: "one", port: 80, priority: 0, weight: 0 }];
      throw Object.assign(new Error("no answer"), { code: name === right ? "ENOTFOUND" : "ESERVFAIL" });
    },
  });
  const watching = registry.watch("orders", (instances) => heard.push(instances));
  await clock.advance(1_000);
  assert.deepEqual(asked, ["_http._tcp.orders.down.example", right, right]);
  gone = true;
  await clock.advance(1_000);
  assert.deepEqual(heard, [[{ id: "one:80", url: "http://one:80" }], []]);
  watching.stop();
});

test("a name that has had no records for a minute is searched for again, and is the right one as soon as it has some", async () => {
  const clock = new VirtualClock();
  const records: Record<string, string[]> = { "a.example": ["a"], "b.example": ["b"] };
  const heard: unknown[] = [];
  const registry = dnsRegistry({
    clock,
    refreshMs: 1_000,
    search: async () => ({ domains: ["down.example", "a.example", "b.example"], ndots: 5 }),
    resolveSrv: async (name) => {
      const targets = records[name.replace("_http._tcp.orders.", "")];
      if (!targets) throw Object.assign(new Error("no answer"), { code: "ESERVFAIL" });
      return targets.map((target) => ({ name: target, port: 80, priority: 0, weight: 0 }));
    },
  });
  const watching = registry.watch("orders", (instances) => heard.push(instances.map(({ id }) => id)));
  await clock.advance(1_000);
  records["a.example"] = [];
  await clock.advance(59_000);
  assert.deepEqual(heard, [["a:80"], []]);
  await clock.advance(3_000);
  assert.deepEqual(heard.at(-1), ["b:80"]);
  // Who was there cannot be asked for: what was known stays.
  delete records["b.example"];
  await clock.advance(10_000);
  assert.deepEqual(heard.at(-1), ["b:80"]);
  records["b.example"] = [];
  await clock.advance(10_000);
  assert.deepEqual(heard.at(-1), []);
  records["b.example"] = ["c"];
  await clock.advance(1_000);
  records["a.example"] = ["a"];
  await clock.advance(1_000);
  assert.deepEqual(heard, [["a:80"], [], ["b:80"], [], ["c:80"], ["a:80"]]);
  watching.stop();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { VirtualClock } from "#testing";
import { Directory } from "./directory.ts";

function world() {
  const clock = new VirtualClock();
  const sick = new Set<string>();
  const checked: string[] = [];
  const directory = new Directory({
    clock,
    random: seededRandom(7),
    async check(url, signal) {
      checked.push(url);
      if (sick.has("hanging")) await new Promise((_, reject) => signal.addEventListener("abort", reject));
      if (sick.has(url)) throw new Error("not well");
    },
  });
  const ids = () => directory.list("orders").instances.map(({ id }) => id);
  return { clock, sick, checked, directory, ids };
}

const one = { id: "one", url: "http://one" };
const patient = new AbortController().signal;

test("an instance is told of from its first good check, and no more once two in a row failed", async () => {
  const { clock, sick, directory, ids, checked } = world();
  sick.add("http://one/readyz");
  directory.put("orders", one);
  await clock.advance(90);
  assert.deepEqual([ids(), checked], [[], ["http://one/readyz"]]);
  sick.clear();
  await clock.advance(10);
  assert.deepEqual(ids(), ["one"]);
  sick.add("http://one/readyz");
  await clock.advance(1_000);
  assert.deepEqual(ids(), ["one"]);
  await clock.advance(1_000);
  assert.deepEqual(ids(), []);
});

test("one that is not well is looked at again soon, and then ever less often", async () => {
  const { clock, sick, directory, checked } = world();
  sick.add("http://one/readyz");
  directory.put("orders", one);
  await clock.advance(8_000);
  // After 0, 100, 300, 700, 1,500, and then every second.
  assert.equal(checked.length, 11);
  directory.close();
});

test("who does not answer its check is gone within four seconds", async () => {
  const { clock, sick, directory, ids } = world();
  directory.put("orders", one);
  await clock.advance(0);
  sick.add("hanging");
  await clock.advance(4_000);
  assert.deepEqual(ids(), []);
});

test("a registration that is renewed stays; one that is not ends with its lease, and its checks with it", async () => {
  const { clock, directory, ids } = world();
  directory.put("orders", one);
  for (let renewal = 0; renewal < 10; renewal += 1) {
    await clock.advance(3_000);
    directory.put("orders", one);
  }
  assert.deepEqual(ids(), ["one"]);
  await clock.advance(10_000);
  assert.deepEqual([ids(), clock.pending], [[], 0]);
});

test("who waits hears of the next change, and one who knows less than that at once", async () => {
  const { clock, directory } = world();
  const { version } = directory.list("orders");
  const next = directory.listAfter("orders", version, patient);
  directory.put("orders", one);
  await clock.advance(0);
  const known = await next;
  assert.deepEqual(known.instances, [one]);
  assert.deepEqual(await directory.listAfter("orders", version, patient), known);
  const leaving = new AbortController();
  const waited = directory.listAfter("orders", known.version, leaving.signal);
  leaving.abort();
  assert.deepEqual(await waited, known);
  directory.close();
  assert.equal(clock.pending, 0);
});

test("an instance that moved is checked anew before it is told of", async () => {
  const { clock, sick, directory, ids } = world();
  directory.put("orders", one);
  await clock.advance(0);
  sick.add("http://other/readyz");
  directory.put("orders", { id: "one", url: "http://other" });
  await clock.advance(0);
  assert.deepEqual(ids(), []);
});

test("a registry keeps so many instances and no more, and takes others when some have gone", async () => {
  const clock = new VirtualClock();
  const directory = new Directory({ clock, instances: 2, async check() {} });
  directory.put("orders", one);
  directory.put("stock", { id: "two", url: "http://two" });
  const three = { id: "three", url: "http://three" };
  assert.throws(
    () => directory.put("orders", three),
    /this registry keeps 2 instances, and there are as many/,
  );
  directory.put("orders", one);
  directory.remove("stock", "two");
  directory.put("orders", three);
  await clock.advance(0);
  assert.equal(directory.list("orders").instances.length, 2);
});

test("a service whose last instance left and another came is not taken for one that has not changed", async () => {
  const { clock, directory } = world();
  directory.put("orders", one);
  await clock.advance(0);
  const { version } = directory.list("orders");
  directory.remove("orders", "one");
  directory.put("orders", { id: "two", url: "http://two" });
  await clock.advance(0);
  assert.notEqual(directory.list("orders").version, version);
});

import assert from "node:assert/strict";
import type { SrvRecord } from "node:dns";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import { dnsRegistry } from "./dns-registry.ts";
import type { Instance } from "./instance.ts";

const record = (name: string, more: Partial<SrvRecord> = {}): SrvRecord => ({
  name,
  port: 8080,
  priority: 0,
  weight: 0,
  ...more,
});

/** DNS as a test has it: each answer is given until the next one is set. */
function watched(first: readonly SrvRecord[] | string) {
  const world = { answer: first, asked: [] as string[] };
  const clock = new VirtualClock();
  const heard: (readonly Instance[])[] = [];
  const registry = dnsRegistry({
    clock,
    refreshMs: 1_000,
    search: async () => ({ domains: [], ndots: 1 }),
    resolveSrv: async (name) => {
      world.asked.push(name);
      if (typeof world.answer === "string")
        throw Object.assign(new Error("no answer"), { code: world.answer });
      return world.answer;
    },
  });
  const watching = registry.watch("orders", (instances) => heard.push(instances));
  return { world, clock, heard, watching };
}

test("SRV records are instances, and only changes are heard", async () => {
  const { world, clock, heard, watching } = watched([record("one"), record("two")]);
  await clock.advance(5_000);
  assert.deepEqual(heard, [
    [
      { id: "one:8080", url: "http://one:8080" },
      { id: "two:8080", url: "http://two:8080" },
    ],
  ]);
  assert.equal(world.asked[0], "_http._tcp.orders");
  world.answer = [record("two")];
  await clock.advance(1_000);
  assert.deepEqual(heard[1], [{ id: "two:8080", url: "http://two:8080" }]);
  watching.stop();
  const before = world.asked.length;
  await clock.advance(5_000);
  assert.deepEqual([world.asked.length, clock.pending], [before, 0]);
});

test("weights are kept, and those of a later priority are left for when the first are gone", async () => {
  const { heard } = await settled(
    watched([record("one", { weight: 3 }), record("two", { weight: 0 }), record("spare", { priority: 10 })]),
  );
  assert.deepEqual(
    heard[0]?.map(({ id, weight }) => [id, weight]),
    [
      ["one:8080", 3],
      ["two:8080", 0],
    ],
  );
});

test("a name that is not there has no instances; a resolver that fails leaves what was known, and is asked again", async () => {
  const { world, clock, heard } = await settled(watched([record("one")]));
  world.answer = "ESERVFAIL";
  await clock.advance(10_000);
  assert.equal(heard.length, 1);
  world.answer = "ENOTFOUND";
  await clock.advance(5_000);
  assert.deepEqual(heard[1], []);
});

async function settled<T extends { readonly clock: VirtualClock }>(watched: T): Promise<T> {
  await watched.clock.advance(0);
  return watched;
}

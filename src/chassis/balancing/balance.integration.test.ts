import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { withstand } from "../calls/withstand.ts";
import { fixedRegistry, type Instance, type Registry } from "../discovery/mod.ts";
import { client } from "../http/client.ts";
import { problem } from "../http/problem.ts";
import { get, post } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";
import { balance } from "./balance.ts";
import { destinationHash } from "./strategies/hashing.ts";

const who = t.object({ name: t.string() });
const api = {
  who: get("/who/{thing}", { answers: { 200: who } }),
  add: post("/who", { answers: { 201: who } }),
};

async function start(context: TestContext, name: string, behave: () => void = () => {}) {
  const answer = () => {
    behave();
    return { name };
  };
  const started = await startService(context, {
    routes: api,
    handlers: () => ({ who: answer, add: answer }),
  });
  const { hostname, port } = new URL(started.url);
  const instance: Instance = { service: "named", id: name, host: hostname, port: Number(port) };
  return { ...started, instance };
}

test("calls of one client go to all instances in turn", async (context) => {
  const all = await Promise.all(["a", "b", "c"].map((name) => start(context, name)));
  const registry = fixedRegistry(all.map(({ instance }) => instance));
  const named = client(api, { baseUrl: "http://named", policy: balance({ registry, service: "named" }) });
  const names: string[] = [];
  for (let turn = 0; turn < 9; turn += 1) names.push((await named.who({ params: { thing: "x" } })).name);
  for (const name of ["a", "b", "c"]) assert.equal(names.filter((each) => each === name).length, 3);
});

test("an instance that is gone costs no call: even what must not be done twice goes to the next", async (context) => {
  const [gone, well] = await Promise.all(["gone", "well"].map((name) => start(context, name)));
  assert.ok(gone && well);
  await gone.it.stop();
  const registry = fixedRegistry([gone.instance, well.instance]);
  const named = client(api, { baseUrl: "http://named", policy: balance({ registry, service: "named" }) });
  for (let turn = 0; turn < 10; turn += 1) assert.deepEqual(await named.add(), { name: "well" });
});

test("with retries around it, a call that fails in one instance is tried in another", async (context) => {
  const failing = await start(context, "failing", () => {
    throw problem(503, "not now");
  });
  const well = await start(context, "well");
  const registry = fixedRegistry([failing.instance, well.instance]);
  const policy = withstand({ name: "named", route: balance({ registry, service: "named" }) });
  const named = client(api, { baseUrl: "http://named", policy });
  for (let turn = 0; turn < 6; turn += 1)
    assert.deepEqual(await named.who({ params: { thing: "x" } }), { name: "well" });
});

test("calls with the same affinity come to the same instance, whichever client makes them", async (context) => {
  const all = await Promise.all(["a", "b", "c"].map((name) => start(context, name)));
  const registry = fixedRegistry(all.map(({ instance }) => instance));
  const make = () =>
    client(api, {
      baseUrl: "http://named",
      policy: balance({ registry, service: "named", strategy: destinationHash() }),
    });
  for (let thing = 0; thing < 8; thing += 1) {
    const names = new Set<string>();
    for (const named of [make(), make()])
      for (let turn = 0; turn < 3; turn += 1)
        names.add(
          (await named.who({ params: { thing: String(turn) } }, { affinity: `thing ${thing}` })).name,
        );
    assert.equal(names.size, 1);
  }
});

test("who asks a service that nobody is there for, or a registry that is down, is told so by a 503", async () => {
  const ask = (registry: Registry) =>
    client(api, { baseUrl: "http://named", policy: balance({ registry, service: "named" }) }).who({
      params: { thing: "x" },
    });
  await assert.rejects(ask(fixedRegistry([])), { name: "Problem", status: 503, message: /no instance/ });
  const broken: Registry = {
    // biome-ignore lint/correctness/useYield: it fails before it has anything to say.
    async *watch() {
      throw new Error("the registry is down");
    },
  };
  await assert.rejects(ask(broken), { name: "Problem", status: 503, message: /the registry is down/ });
});

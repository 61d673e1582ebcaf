import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { seededRandom, silentLogger } from "#base";
import { VirtualClock } from "#testing";
import { balance } from "../balancing/balance.ts";
import { Balancer } from "../balancing/balancer.ts";
import { withstand } from "../calls/withstand.ts";
import { client } from "../http/client.ts";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";
import type { Instance } from "./instance.ts";
import { register } from "./register.ts";
import type { Registry } from "./registry.ts";
import { registryServer } from "./registry-server.ts";
import { serviceRegistry } from "./service-registry.ts";

const api = { who: get("/who", { answers: { 200: t.object({ name: t.string() }) } }) };

function startRegistry(context: TestContext, learnMs = 0) {
  return startService(context, registryServer({ checkMs: 20, leaseMs: 2_000, learnMs }));
}

function startNamed(context: TestContext, name: string) {
  return startService(context, { routes: api, handlers: () => ({ who: () => ({ name }) }) });
}

/** Resolves when those who are there are these. */
function awaitInstances(registry: Registry, ...ids: string[]): Promise<readonly Instance[]> {
  const { promise, resolve } = Promise.withResolvers<readonly Instance[]>();
  const watching = registry.watch("named", (instances) => {
    if (
      instances
        .map(({ id }) => id)
        .toSorted()
        .join() === ids.join()
    )
      resolve(instances);
  });
  return promise.finally(() => watching.stop());
}

test("instances that register are found; one that dies is gone, and no call fails meanwhile", async (context) => {
  const { url: baseUrl } = await startRegistry(context);
  const registry = serviceRegistry({ baseUrl });
  const [a, b] = [await startNamed(context, "a"), await startNamed(context, "b")];
  for (const [id, { url }] of Object.entries({ a, b })) {
    const registered = register({ baseUrl, service: "named", instance: { id, url }, leaseMs: 2_000 });
    context.after(() => registered.end());
  }
  await awaitInstances(registry, "a", "b");
  const balancer = new Balancer({ registry, service: "named" });
  context.after(() => balancer.stop());
  const policy = withstand({ name: "named", route: balance(balancer) });
  const named = client(api, { baseUrl: "http://named", policy });
  const names = [(await named.who()).name, (await named.who()).name];
  assert.deepEqual(names.toSorted(), ["a", "b"]);
  // It renews its registration still, as a process does whose server hangs: the registry sees for itself.
  await a.it.stop();
  const gone = awaitInstances(registry, "b");
  for (let call = 0; call < 4; call += 1) assert.equal((await named.who()).name, "b");
  await gone;
});

test("who takes its registration back is gone at once", async (context) => {
  const { url: baseUrl } = await startRegistry(context);
  const registry = serviceRegistry({ baseUrl });
  const { url } = await startNamed(context, "a");
  const registered = register({ baseUrl, service: "named", instance: { id: "a", url, zone: "east" } });
  assert.deepEqual(await awaitInstances(registry, "a"), [{ id: "a", url, zone: "east" }]);
  const gone = awaitInstances(registry);
  await registered.end();
  await gone;
});

test("a registry that has just started tells nobody that nobody is there, and refuses what is no address", async (context) => {
  const { ask } = await startRegistry(context, 60_000);
  assert.equal((await ask("/services/named")).status, 503);
  const body = JSON.stringify({ url: "file:///etc/passwd" });
  const headers = { "content-type": "application/json" };
  assert.equal((await ask("/services/named/a", { method: "PUT", body, headers })).status, 400);
});

test("who may register is said, or it is nobody from elsewhere; the log says so", async (context) => {
  const { it, lines } = await startRegistry(context);
  await it.stop();
  const warned = lines
    .map(({ message }) => String(message))
    .filter((message) => /only this machine/.test(message));
  assert.match(String(warned), /registryServer\(\{ access \}\)/);
});

test("a stranger may neither register nor take somebody out, unless the registry is open", () => {
  const surroundings = {
    clock: new VirtualClock(),
    random: seededRandom(7),
    logger: silentLogger,
    closeAtEnd() {},
  };
  const request = {
    params: { service: "named", id: "a" },
    body: { url: "http://a" },
    callerAddress: "10.0.0.7",
  };
  const closed = registryServer({ check: async () => {} }).handlers(surroundings);
  for (const ask of [closed.register, closed.deregister])
    assert.throws(() => ask(request as never), { status: 403, message: /own machine/ });
  const open = registryServer({ open: true, check: async () => {} }).handlers(surroundings);
  open.register(request as never);
});

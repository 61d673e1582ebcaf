import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { client } from "../http/client.ts";
import { problem } from "../http/problem.ts";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";
import { withstand } from "./withstand.ts";

const api = { who: get("/who", { answers: { 200: t.object({ name: t.string() }) } }) };

/** A service that answers with its name, when `behave` lets it. */
async function startNamed(
  context: TestContext,
  name: string,
  behave: (signal: AbortSignal) => unknown = () => {},
) {
  let asked = 0;
  const started = await startService(context, {
    routes: api,
    handlers: () => ({
      who: async ({ signal }) => {
        asked += 1;
        await behave(signal);
        return { name };
      },
    }),
  });
  return { ...started, asked: () => asked };
}

/** Resolves when nobody waits any more. */
const never = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener("abort", resolve));

test("all policies together: calls go to whoever is there, while one instance fails and another hangs", async (context) => {
  const failing = await startNamed(context, "failing", () => {
    throw problem(503, "not now");
  });
  const hanging = await startNamed(context, "hanging", never);
  const well = await startNamed(context, "well");
  const { ask, url } = await startService(context, {
    routes: api,
    handlers: (surroundings) => {
      const policy = withstand({
        name: "named",
        ...surroundings,
        places: [failing.url, hanging.url, well.url],
        breaker: { leastCalls: 2, openMs: 60_000 },
        timeoutMs: 500,
      });
      const named = client(api, { baseUrl: "http://named", policy });
      return { who: () => named.who() };
    },
  });
  for (let call = 0; call < 10; call += 1) assert.deepEqual((await ask("/who")).body, { name: "well" });
  assert.deepEqual([failing.asked(), hanging.asked()], [2, 2]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const count = (event: string) => new RegExp(`{peer="named",event="${event}"} (\\d+)`).exec(metrics)?.[1];
  assert.deepEqual([count("breaker_opened"), count("rerouted")], ["2", "20"]);
});

test("a slow answer is overtaken by a second attempt, and its handler hears that nobody waits", async (context) => {
  const told = Promise.withResolvers<void>();
  let asked = 0;
  const named = await startNamed(context, "named", async (signal) => {
    asked += 1;
    if (asked > 1) return;
    await never(signal);
    told.resolve();
  });
  const calls = client(api, {
    baseUrl: named.url,
    policy: withstand({ name: "named", hedge: { afterMs: 20 }, retry: "never" }),
  });
  assert.deepEqual(await calls.who(), { name: "named" });
  await told.promise;
});

test("where equal calls are shared, many at once are one request, and another's token makes another", async (context) => {
  const gate = Promise.withResolvers<void>();
  const named = await startNamed(context, "named", () => gate.promise);
  const policy = withstand({ name: "named", equalCalls: "shared" });
  const as = (token: string) => client(api, { baseUrl: named.url, policy, token: () => token });
  const [ann, bob] = [as("ann"), as("bob")];
  const asked = [ann.who(), ann.who(), ann.who(), bob.who()];
  while (named.asked() < 2) await new Promise(setImmediate);
  gate.resolve();
  assert.equal((await Promise.all(asked)).length, 4);
  assert.equal(named.asked(), 2);
});

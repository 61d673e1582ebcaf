import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { withstand } from "../calls/withstand.ts";
import { fixedRegistry } from "../discovery/mod.ts";
import { client } from "../http/client.ts";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import { startService } from "../service/testing/test-service.ts";
import { balance } from "./balance.ts";
import { Balancer } from "./balancer.ts";

const api = { who: get("/who", { answers: { 200: t.object({ name: t.string() }) } }) };

function startNamed(context: TestContext, name: string) {
  return startService(context, { routes: api, handlers: () => ({ who: () => ({ name }) }) });
}

test("a client's calls go round over real services, and no call fails when one of them is gone", async (context) => {
  const a = await startNamed(context, "a");
  const b = await startNamed(context, "b");
  const registry = fixedRegistry({
    named: [
      { id: "a", url: a.url },
      { id: "b", url: b.url },
    ],
  });
  const balancer = new Balancer({ registry, service: "named" });
  const policy = withstand({ name: "named", route: balance(balancer) });
  const named = client(api, { baseUrl: "http://named", policy });
  const names = [];
  for (let call = 0; call < 4; call += 1) names.push((await named.who()).name);
  assert.deepEqual(names.toSorted(), ["a", "a", "b", "b"]);
  await a.it.stop();
  for (let call = 0; call < 6; call += 1) assert.equal((await named.who()).name, "b");
});

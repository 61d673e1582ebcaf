import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { leases } from "#api";
import { seededRandom, silentLogger } from "#base";
import { FakeApiServer, VirtualClock } from "#testing";
import { createClient } from "./create-client.ts";
import { runLeaderElection } from "./leader-election.ts";
import { leaseDurationMs } from "./limits.ts";

function newElection(t: TestContext) {
  const clock = new VirtualClock();
  const server = new FakeApiServer(clock);
  const client = createClient({ transport: server, clock, random: seededRandom(1) });
  const leading = new Set<string>();
  const candidate = (identity: string) => {
    const stopped = new AbortController();
    t.after(() => stopped.abort());
    const ended = runLeaderElection({
      client,
      name: "controllers",
      namespace: "kube-system",
      identity,
      clock,
      random: seededRandom(identity.length),
      logger: silentLogger,
      signal: stopped.signal,
      async lead(signal) {
        leading.add(identity);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        leading.delete(identity);
      },
    });
    return { ended, stop: () => stopped.abort() };
  };
  return { clock, server, client, leading, candidate };
}

test("exactly one of several candidates leads, and keeps leading", async (t) => {
  const { clock, leading, candidate } = newElection(t);
  candidate("a");
  candidate("bb");
  await clock.advance(10);
  assert.equal(leading.size, 1);
  const [leader] = leading;
  await clock.advance(300_000);
  assert.deepEqual([...leading], [leader]);
});

test("a leader that stops hands over at once", async (t) => {
  const { clock, leading, candidate } = newElection(t);
  const first = candidate("a");
  await clock.advance(10);
  candidate("bb");
  await clock.advance(10);
  first.stop();
  await clock.advance(10);
  await first.ended;
  assert.deepEqual([...leading], ["bb"]);
});

test("one that is stopped while it takes the lease gives it back, and does not begin", async (t) => {
  const { clock, server, client, leading, candidate } = newElection(t);
  const only = candidate("a");
  server.fault = ({ method }) => {
    if (method === "POST") only.stop();
  };
  await clock.advance(10);
  assert.deepEqual([...leading], []);
  await only.ended;
  const lease = await client.resource(leases, "kube-system").get("controllers");
  assert.equal(lease.spec?.holderIdentity, "");
});

test("a leader that cannot renew stops before another may lead", async (t) => {
  const { clock, server, leading, candidate } = newElection(t);
  candidate("a");
  await clock.advance(10);
  candidate("bb");
  await clock.advance(10);
  server.fault = ({ method, body }) => {
    const holder = (body as { spec?: { holderIdentity?: string } } | undefined)?.spec?.holderIdentity;
    if (method !== "GET" && holder === "a") throw new Error("unreachable");
  };
  let most = 0;
  for (let second = 0; second < 2 * (leaseDurationMs / 1000); second += 1) {
    await clock.advance(1000);
    most = Math.max(most, leading.size);
  }
  assert.equal(most, 1);
  assert.deepEqual([...leading], ["bb"]);
});

test("who comes back under the name that holds the lease leads at once", async (t) => {
  const { clock, client, leading, candidate } = newElection(t);
  await client.resource(leases, "kube-system").create({
    metadata: { name: "controllers" },
    spec: { holderIdentity: "a", leaseDurationSeconds: 30, renewTime: new Date(clock.now()).toISOString() },
  });
  candidate("bb");
  candidate("a");
  await clock.advance(10);
  assert.deepEqual([...leading], ["a"]);
});

test("an idle leader writes at most every nine seconds, and a candidate not at all", async (t) => {
  const { clock, server, candidate } = newElection(t);
  candidate("a");
  await clock.advance(10);
  candidate("bb");
  await clock.advance(1000);
  server.requests.length = 0;
  await clock.advance(90_000);
  assert.ok(server.requests.length <= 10, `${server.requests.length} requests in 90 s`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiRequest, ApiResponse } from "#api";
import { seededRandom } from "#base";
import { VirtualClock } from "../time/virtual-clock.ts";
import { Trace } from "../trace/trace.ts";
import { Network } from "./network.ts";

/** A network with one part, and a server that counts what reaches it. */
function newNetwork() {
  const clock = new VirtualClock(0);
  const network = new Network({ clock, random: seededRandom(1), trace: new Trace(clock) });
  const seen: ApiRequest[] = [];
  const request = async (asked: ApiRequest): Promise<ApiResponse> => {
    seen.push(asked);
    return { status: 200, headers: { "content-length": "2" }, body: bodyOf("ok") };
  };
  network.serve({ transport: () => ({ request, close: async () => {} }) });
  const link = network.link({ part: "part", user: { name: "part", groups: [] }, enter: (work) => work() });
  const ask = () => link.request({ method: "POST", path: "/x", headers: {} }).then((answer) => answer.status);
  return { clock, network, link, seen, ask };
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

test("a request takes its time in both directions", async () => {
  const { clock, network, ask, seen } = newNetwork();
  network.conditionsOf("part").latencyMs = [100, 100];
  const answer = ask();
  await clock.run(99);
  assert.equal(seen.length, 0);
  await clock.run(101);
  assert.equal(await answer, 200);
  assert.equal(clock.monotonicMs(), 200);
});

test("what is said during a partition arrives when it is over, unless the connections broke", async () => {
  const { clock, network, ask, seen } = newNetwork();
  network.cut("part");
  const answer = ask();
  await clock.run(10_000);
  assert.equal(seen.length, 0);
  network.heal("part");
  await clock.run(10);
  assert.equal(await answer, 200);

  network.cut("part");
  const broken = assert.rejects(ask(), /connection reset/);
  network.reset("part");
  network.heal("part");
  await clock.run(10);
  await broken;
});

test("a lost answer was seen by the server, and the part learns no more than that the connection is gone", async () => {
  const { clock, network, ask, seen } = newNetwork();
  network.conditionsOf("part").lossRate = 1;
  const outcomes = Promise.allSettled(Array.from({ length: 20 }, ask));
  await clock.run(60_000);
  assert.ok((await outcomes).every(({ status }) => status === "rejected"));
  assert.ok(seen.length > 0 && seen.length < 20, `${seen.length} arrived`);
});

test("a request that comes twice is answered once", async () => {
  const { clock, network, ask, seen } = newNetwork();
  network.conditionsOf("part").duplicateRate = 1;
  const answer = ask();
  await clock.run(1_000);
  assert.equal(await answer, 200);
  assert.equal(seen.length, 2);
});

test("where nobody listens a request was never sent", async () => {
  const { clock, network, ask } = newNetwork();
  network.serve(undefined);
  const refused = assert.rejects(ask(), /refused/);
  await clock.run(100);
  await refused;
});

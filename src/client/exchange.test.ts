import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps } from "#api";
import { ApiError, seededRandom, tooManyRequests, unavailable } from "#base";
import { FakeApiServer, VirtualClock } from "#testing";
import { createClient } from "./create-client.ts";
import { requestAttempts } from "./limits.ts";
import { connectionFailed } from "./status.ts";

function newWorld(failures: (() => Error)[]) {
  const clock = new VirtualClock();
  const server = new FakeApiServer(clock);
  const transport = {
    request: (sent: Parameters<typeof server.request>[0]) => {
      const failure = failures.shift();
      if (failure) {
        server.requests.push({ method: sent.method, path: sent.path, body: undefined });
        return Promise.reject(failure());
      }
      return server.request(sent);
    },
    close: () => server.close(),
  };
  const client = createClient({ transport, clock, random: seededRandom(1) });
  return { clock, server, api: client.resource(configMaps, "shop") };
}

const lost = () => connectionFailed("the connection broke", { sent: true });
const refused = () => connectionFailed("nobody listens", { sent: false });
const busy = () => tooManyRequests("later", 2);

test("a read that got no answer is sent again", async () => {
  const { clock, api } = newWorld([lost, lost]);
  const listing = api.list();
  await clock.advance(1000);
  assert.deepEqual((await listing).items, []);
});

test("a write that may have happened is not sent again", async () => {
  const { server, api } = newWorld([lost]);
  await assert.rejects(api.create({ metadata: { name: "a" } }), /the connection broke/);
  assert.equal(server.requests.length, 1);
});

test("a write that never left is sent again, and so is one that the server put off, when it said", async () => {
  const { clock, api } = newWorld([refused, busy]);
  const creating = api.create({ metadata: { name: "a" } });
  await clock.advance(1500);
  let isDone = false;
  void creating.then(() => {
    isDone = true;
  });
  await clock.advance(0);
  assert.equal(isDone, false);
  await clock.advance(2000);
  assert.equal((await creating).metadata?.name, "a");
});

test("it gives up in the end", async () => {
  const { clock, server, api } = newWorld(Array.from({ length: 20 }, () => lost));
  const listing = assert.rejects(api.list(), (error) => error instanceof ApiError && error.code === 503);
  await clock.advance(60_000);
  await listing;
  assert.equal(server.requests.length, requestAttempts);
});

test("what the server refuses for good is an error at once", async () => {
  const { server, api } = newWorld([]);
  server.fault = () => {
    throw new ApiError("Forbidden", "you may not");
  };
  await assert.rejects(api.list(), /you may not/);
  assert.equal(server.requests.length, 1);
});

test("a request that is aborted ends at once, also between attempts", async () => {
  const { clock, api } = newWorld([lost, lost, () => unavailable("still away")]);
  const abort = new AbortController();
  const listing = assert.rejects(api.list({ signal: abort.signal }), { name: "AbortError" });
  await clock.advance(60);
  abort.abort();
  await listing;
});

test("all requests of a signal end with it, and those that were answered before are not concerned", async () => {
  const { server, api } = newWorld([]);
  const controller = new AbortController();
  assert.deepEqual((await api.list({ signal: controller.signal })).items, []);
  server.fault = () => new Promise(() => {});
  const listing = [0, 1, 2].map(() => api.list({ signal: controller.signal }));
  controller.abort(new Error("enough"));
  for (const one of listing) await assert.rejects(one, /enough/);
});

test("a request without an answer ends after a minute", async () => {
  const { clock, server, api } = newWorld([]);
  server.fault = () => new Promise(() => {});
  const creating = assert.rejects(
    api.create({ metadata: { name: "a" } }),
    (error) => error instanceof ApiError && error.reason === "Timeout",
  );
  await clock.advance(60_000);
  await creating;
});

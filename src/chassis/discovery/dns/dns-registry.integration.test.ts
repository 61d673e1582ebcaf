import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { type Answer, decode, encode } from "dns-packet";
import { ManualClock } from "#testing";
import { limits } from "../limits.ts";
import { dnsRegistry } from "./dns-registry.ts";

/** A DNS server on loopback that answers with these records, or not at all when there are none to ask. */
async function dnsServer(context: TestContext) {
  const socket = createSocket("udp4");
  const zone = { records: [] as Answer[], code: 0 };
  socket.on("message", (message, sender) => {
    const query = decode(message);
    const answers = zone.records.filter(({ name, type }) =>
      query.questions?.some((question) => question.name === name && question.type === type),
    );
    const flags = zone.code !== 0 ? zone.code : answers.length === 0 ? 3 : 0;
    socket.send(
      encode({ type: "response", id: query.id ?? 0, flags, questions: query.questions ?? [], answers }),
      sender.port,
      sender.address,
    );
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  context.after(() => socket.close());
  return { zone, server: `127.0.0.1:${socket.address().port}` };
}

const name = "_http._tcp.orders.shop.svc.cluster.local";

function pod(host: string, address: string, { priority = 0, weight = 1, ttl = 5 } = {}): Answer[] {
  const target = `${host}.orders.shop.svc.cluster.local`;
  return [
    { type: "SRV", name, ttl, data: { priority, weight, port: 8080, target } },
    { type: "A", name: target, ttl, data: address },
  ];
}

async function follow(context: TestContext) {
  const { zone, server } = await dnsServer(context);
  const clock = new ManualClock();
  const stop = new AbortController();
  context.after(() => stop.abort());
  const registry = dnsRegistry({ domain: "shop.svc.cluster.local", servers: [server], clock });
  const watching = registry.watch("orders", stop.signal)[Symbol.asyncIterator]();
  /** The next list, by ids and weights; time passes only when it has to. */
  const next = async (afterMs = 0): Promise<string[]> => {
    const coming = watching.next();
    if (afterMs > 0) await clock.advance(afterMs);
    const { value, done } = await coming;
    assert.ok(!done);
    return value.map(({ id, weight }) => `${id}*${weight}`);
  };
  return { zone, next };
}

test("instances are what SRV records name, with their ports and weights; of priorities the most important", async (context) => {
  const { zone, next } = await follow(context);
  zone.records = [
    ...pod("a", "10.0.0.1", { weight: 3 }),
    ...pod("b", "10.0.0.2", { weight: 0 }),
    ...pod("c", "10.0.0.3", { priority: 1 }),
  ];
  assert.deepEqual(await next(), ["10.0.0.1:8080*3", "10.0.0.2:8080*1"]);
});

test("it is asked again when the TTL is over, and a name that is gone means that nobody is there", async (context) => {
  const { zone, next } = await follow(context);
  zone.records = pod("a", "10.0.0.1", { ttl: 5 });
  assert.deepEqual(await next(), ["10.0.0.1:8080*1"]);
  zone.records = [];
  assert.deepEqual(await next(5000), []);
  zone.records = pod("b", "10.0.0.2");
  assert.deepEqual(await next(limits.maxDnsAgeMs), ["10.0.0.2:8080*1"]);
});

test("a server that fails is no answer: it throws, and who follows keeps what it knows", async (context) => {
  const { zone, next } = await follow(context);
  zone.code = 2;
  await assert.rejects(next(), { code: "ESERVFAIL" });
});

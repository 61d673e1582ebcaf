import assert from "node:assert/strict";
import { test } from "node:test";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { seededRandom, silentLogger, systemClock } from "#base";
import { lacksNats, type RealNats } from "#testing";
import { composer, type Message } from "../message.ts";
import { brokerContract } from "../testing/broker-contract.ts";
import { persistently } from "../testing/persistently.ts";
import { remembering } from "../testing/remembering.ts";
import { Cells, openBucket, type SeenCell } from "./cells.ts";
import { bucketStream, streamOf } from "./names.ts";
import { natsBroker } from "./nats-broker.ts";
import { Removal } from "./removal.ts";
import { type NatsCluster, natsCluster } from "./testing/nats-cluster.ts";
import { whenThere } from "./when-there.ts";

const skip = lacksNats();

async function open() {
  const cluster = await natsCluster();
  // Connected to the first that is there, in the order of their names.
  const inner = await natsBroker({ servers: cluster.urls, replicas: 3, connection: { noRandomize: true } });
  const { broker, closeAll } = remembering(inner);
  return {
    cluster,
    // What is refused while servers elect who leads is said again, as a relay does.
    broker: { ...broker, publish: (messages: readonly Message[]) => persistently(broker, messages) },
    async close() {
      await closeAll();
      await inner.close();
      await cluster.stop();
    },
  };
}

brokerContract(
  "the broker on three servers of NATS",
  async () => {
    const harness = await open();
    let turn = 0;
    return {
      ...harness,
      async cut() {
        const servers = [...harness.cluster.servers.values()];
        const server = servers[turn++ % servers.length] as RealNats;
        await server.kill();
        await server.start();
      },
    };
  },
  // Whoever leads has to be elected after each cut.
  { skip, timeoutMs: 90_000 },
);

test("of copies that claim a cell at once, one owns it", {
  skip: skip ?? false,
  timeout: 60_000,
}, async (context) => {
  const cluster = await natsCluster();
  context.after(() => cluster.stop());
  const copies: { readonly name: string; readonly cells: Cells }[] = [];
  for (const servers of cluster.urls) {
    const nats = await connect({ servers });
    context.after(() => nats.close());
    const client = jetstream(nats);
    const values = await whenThere("the bucket", () => openBucket(client, 3), {
      clock: systemClock,
      log: silentLogger,
    });
    copies.push({ name: servers, cells: new Cells(values, await client.jetstreamManager(false)) });
  }
  for (let partition = 0; partition < 60; partition += 1) {
    await copies[0]?.cells.begin("orders", "shipping", partition, 0);
    const seen = await copies[0]?.cells.read("orders", "shipping", partition);
    const claims = await Promise.all(
      copies.map(({ name, cells }) => cells.claim("orders", "shipping", partition, name, seen as SeenCell)),
    );
    assert.equal(claims.filter((claim) => claim).length, 1);
  }
});

test("while some of a topic is removed, each server may be killed and keeps the rest", {
  skip: skip ?? false,
  timeout: 120_000,
}, async (context) => {
  const { cluster, broker, close } = await open();
  context.after(close);
  const held = Promise.withResolvers<void>();
  const handled = new Set<unknown>();
  let heard = Promise.withResolvers<void>();
  await broker.subscribe({
    topic: "orders",
    subscriber: "shipping",
    async handle({ message: { event } }) {
      if (event.partitionkey === "slow") await held.promise;
      handled.add(event.data);
      heard.resolve();
      heard = Promise.withResolvers();
    },
  });
  const got = async (count: number) => {
    while (handled.size < count) await heard.promise;
  };
  const compose = composer({ source: "/orders", random: seededRandom(1) });
  let sent = 0;
  const send = (key: string) =>
    broker.publish([compose({ topic: "orders", type: "counted", key, data: ++sent })]);
  for (let number = 1; number <= 10; number += 1) for (const key of ["quick", "slow"]) await send(key);
  await got(10);
  await handledIsRemoved(cluster, 10);
  for (let round = 1; round <= 2; round += 1)
    for (const server of cluster.servers.values()) {
      await server.kill();
      await server.start();
      await send("slow");
    }
  held.resolve();
  await got(26);
});

/** Resolves when the topic has no more messages left than so many. */
async function handledIsRemoved(cluster: NatsCluster, left: number): Promise<void> {
  const nats = await connect({ servers: [...cluster.urls] });
  const client = jetstream(nats);
  const manager = await client.jetstreamManager(false);
  const cells = new Cells(await openBucket(client, 3), manager);
  const removal = new Removal({ manager, cells, clock: systemClock, log: silentLogger });
  while ((await manager.streams.info(streamOf("orders"))).state.messages > left) {
    await removal.remove("orders");
    await systemClock.sleep(10);
  }
  await nats.close();
}

test("of three servers each may be killed and lose its disk: what was acknowledged is handled, in order", {
  skip: skip ?? false,
  timeout: 240_000,
}, async (context) => {
  const { cluster, broker, close } = await open();
  context.after(close);
  const keys = ["a", "b", "c"];
  const handled = new Map<string, number[]>(keys.map((key) => [key, []]));
  let heard = Promise.withResolvers<void>();
  for (const _copy of [1, 2])
    await broker.subscribe({
      topic: "orders",
      subscriber: "shipping",
      async handle({ message: { event } }) {
        handled.get(event.partitionkey)?.push(event.data as number);
        heard.resolve();
        heard = Promise.withResolvers();
      },
    });
  const compose = composer({ source: "/orders", random: seededRandom(1) });
  let sent = 0;
  const send = async (count: number) => {
    for (const end = sent + count; sent < end; sent += 1) {
      const data = sent + 1;
      await broker.publish(keys.map((key) => compose({ topic: "orders", type: "counted", key, data })));
    }
  };
  const everythingHandled = async () => {
    while (keys.some((key) => new Set(handled.get(key)).size < sent)) await heard.promise;
  };

  await send(10);
  const victims: readonly { readonly who: () => Promise<RealNats>; readonly disk: "kept" | "empty" }[] = [
    { who: async () => cluster.servers.get("a") as RealNats, disk: "empty" },
    { who: () => cluster.leaderOf(streamOf("orders")), disk: "kept" },
    { who: () => cluster.leaderOf(streamOf("orders")), disk: "empty" },
    { who: () => cluster.leaderOf(bucketStream), disk: "empty" },
  ];
  for (const { who, disk } of victims) {
    const victim = await who();
    await victim.kill();
    await send(10);
    await everythingHandled();
    await victim.start({ disk });
    await send(10);
    await cluster.caughtUp();
  }
  await everythingHandled();
  for (const key of keys)
    assert.deepEqual(
      [...new Set(handled.get(key))],
      Array.from({ length: sent }, (_, at) => at + 1),
      key,
    );
});

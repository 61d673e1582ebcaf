import { type TestContext, test } from "node:test";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, RequestError } from "@nats-io/transport-node";
import { lacksNats, realNats, VirtualClock } from "#testing";
import { limits } from "../limits.ts";
import { cuttableLine } from "../mesh/testing/cuttable-line.ts";
import { composer } from "../message.ts";
import { Cells, openBucket } from "./cells.ts";
import { copiesSubject, copySubject, partitionOf } from "./names.ts";
import { natsBroker } from "./nats-broker.ts";

const half = limits.partitions / 2;
/** One of each partition. */
const keys = Array.from({ length: limits.partitions }, (_, partition) => {
  let number = 0;
  while (partitionOf(`key ${number}`) !== partition) number += 1;
  return `key ${number}`;
});

test("the next time that a copy looks, it takes what another had that is gone", {
  skip: lacksNats() ?? false,
  timeout: 15_000,
}, async (context) => {
  const { clock, names, shareOf } = await loseOne(context, async () => {});
  await clock.advance(limits.safetyLookMs);
  while ((await shareOf(names[0])) < limits.partitions);
});

test("who comes in the place of a copy that is gone leaves nothing to nobody", {
  skip: lacksNats() ?? false,
  timeout: 15_000,
}, async (context) => {
  const begun: string[] = [];
  const finish = Promise.withResolvers<void>();
  const { clock, names, shareOf, open, say } = await loseOne(context, async (key) => {
    begun.push(key);
    await finish.promise;
  });
  await say();
  while (begun.length < half) await new Promise(setImmediate);
  // It takes its share while the other has not let go of anything yet.
  const heard: string[] = [];
  await open({ clock, handle: async (key) => void heard.push(key) });
  while ((await shareOf(names[2])) < half);
  finish.resolve();
  heard.length = 0;
  begun.length = 0;
  await say();
  while (keys.some((key) => !heard.includes(key) && !begun.includes(key))) await new Promise(setImmediate);
});

type Handle = (key: string) => Promise<void>;

/** Of two copies that share a topic the second is cut off, and the server knows it. The first looks when its clock is turned. */
async function loseOne(context: TestContext, handle: Handle) {
  const nats = await realNats();
  context.after(() => nats.stop());
  const line = await cuttableLine(Number(new URL(nats.url).port));
  context.after(() => line.close());
  const watch = await connect({ servers: nats.url });
  context.after(() => watch.close());
  const names: string[] = [];
  watch.subscribe(copiesSubject("orders", "shipping"), {
    callback(_, message) {
      const { copy } = message.json<{ copy: string }>();
      if (!names.includes(copy)) names.push(copy);
    },
  });
  await watch.flush();
  const cells = new Cells(await openBucket(jetstream(watch), 1), await jetstreamManager(watch));
  const shareOf = async (name: string | undefined) => {
    const seen = await Promise.all(keys.map((_, partition) => cells.read("orders", "shipping", partition)));
    return seen.filter(({ cell }) => cell.owner === name).length;
  };
  const open = async (options: { clock?: VirtualClock; url?: string; handle: Handle }) => {
    const { url = nats.url, handle, ...rest } = options;
    const broker = await natsBroker({ servers: url, ...rest });
    context.after(() => broker.close());
    await broker.subscribe({
      topic: "orders",
      subscriber: "shipping",
      handle: ({ message }) => handle(message.event.partitionkey),
    });
    return broker;
  };

  const clock = new VirtualClock();
  const staying = await open({ clock, handle });
  while ((await shareOf(names[0])) < limits.partitions);
  await open({ url: `nats://127.0.0.1:${line.port}`, handle: async () => {} });
  while ((await shareOf(names[1])) < half);
  line.cut();
  const isThere = () =>
    watch.request(copySubject(names[1] ?? "")).then(
      () => true,
      (error) => !(error instanceof RequestError && error.isNoResponders()),
    );
  while (await isThere());
  const compose = composer({ source: "/test" });
  const say = () =>
    staying.publish(keys.map((key) => compose({ topic: "orders", type: "counted", key, data: key })));
  return { clock, names, shareOf, open, say };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksNats, realNats } from "#testing";
import { composer } from "../message.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { reader } from "../testing/reader.ts";
import type { GatewayProcessOptions } from "./testing/gateway-process.ts";
import { openGateway } from "./testing/open-gateway.ts";

const keys = [..."abcdefghijklmnop"];

/*
 * Two sites; the gateway of one of them runs twice, in two processes. One of them is killed with something in hand,
 * and another takes its place.
 */
test("of two copies of a gateway one may be killed at any time: all is carried, each key in its order", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const [here, there] = await Promise.all([realNats({ name: "here" }), realNats({ name: "there" })]);
  context.after(() => Promise.all([here.stop(), there.stop()]));
  const speaker = await natsBroker({ servers: there.url });
  context.after(() => speaker.close());
  const listener = await natsBroker({ servers: here.url });
  context.after(() => listener.close());
  const heard = await reader(listener, { subscriber: "service" });
  context.after(() => heard.close());

  const copy = async (options: Pick<GatewayProcessOptions, "holds"> = {}) => {
    const opened = openGateway(context, {
      site: "here",
      servers: here.url,
      neighbours: [{ site: "there", servers: there.url }],
      topics: ["orders"],
      ...options,
    });
    await opened.standing();
    return opened;
  };
  const compose = composer({ source: "/there" });
  let said = 0;
  const say = async (count: number) => {
    for (const end = said + count; said < end; said += 1)
      await speaker.publish(
        keys.map((key) => compose({ topic: "orders", type: "counted", key, data: said + 1 })),
      );
  };
  const heardAll = async (those: readonly string[]) => {
    for (const key of those) while (!heard.numbers(key).includes(said)) await heard.next();
  };
  await copy();
  for (const holds of ["before it is said", "after it is said"] as const) {
    const holder = await copy({ holds });
    let held: string | undefined;
    holder.holding().then((key) => {
      held = key;
    });
    while (held === undefined) await say(2);
    // What it has handled meanwhile is written down, beside what it still has in hand.
    await say(5);
    await heardAll(keys.filter((key) => key !== held));
    await holder.kill();
  }
  // Whoever comes has the others look at once for what nobody has in hand.
  await copy();
  await heardAll(keys);

  const numbers = Array.from({ length: said }, (_, at) => at + 1);
  for (const key of keys) assert.deepEqual([...new Set(heard.numbers(key))], numbers, `of key ${key}`);
});

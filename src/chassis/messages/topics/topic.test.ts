import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base";
import { t } from "../../http/schema.ts";
import { PutAside } from "../dead-letters.ts";
import { memoryBroker } from "../memory-broker.ts";
import { composer, type Message } from "../message.ts";
import { type DraftOf, type EventOf, type EventSchemas, topic } from "./mod.ts";

const placed = t.object({
  item: t.string({ minLength: 1 }),
  count: t.integer({ minimum: 1 }),
  address: t.nullable(t.object({ street: t.string() })),
  paid: t.union(t.object({ card: t.string() }), t.object({ cash: t.integer() })),
  express: t.defaulted(t.boolean(), false),
});
const orders = topic({
  name: "orders",
  events: { "order.placed": placed, "order.cancelled": t.object({}) },
});
type Drafts = DraftOf<typeof orders.events>;
const compose = composer({ source: "/orders", random: seededRandom(4) });
const order = { item: "pear", count: 2, address: null, paid: { cash: 5 } };

test("what is said in a declared topic is heard as it was said, with its defaults", () => {
  const plain = { noNullPrototype: true };
  const address = fc.record({ street: fc.string() }, plain);
  const paid = fc.oneof(fc.record({ card: fc.string() }, plain), fc.record({ cash: fc.integer() }, plain));
  const arbitrary = fc.record({
    item: fc.string({ minLength: 1 }),
    count: fc.integer({ min: 1 }),
    address: fc.option(address, { nil: null }),
    paid,
  });
  fc.assert(
    fc.property(arbitrary, (data) => {
      const event = heard(sent(compose(orders.draft({ type: "order.placed", key: "7", data }))));
      assert.deepEqual(event?.data, { ...data, express: false });
    }),
    { seed: 3 },
  );
});

test("what does not fit is refused before it is sent, every fault named", () => {
  const data = { ...order, item: "", cuont: 2 };
  assert.throws(
    () => orders.draft({ type: "order.placed", data }),
    /cannot send order.placed to topic "orders": \/cuont is not known here; did you mean count\?; \/item must NOT/,
  );
  assert.throws(
    () => orders.draft({ type: "order.paid" as "order.placed", data: order }),
    /it declares order.placed, order.cancelled/,
  );
  assert.deepEqual(order, { item: "pear", count: 2, address: null, paid: { cash: 5 } });
});

test("whoever listens passes over fields that a newer sender adds, wherever they are", () => {
  const newer = {
    ...order,
    address: { street: "Elm", floor: 3 },
    paid: { cash: 5, tip: 1 },
    colour: "green",
  };
  const event = heard(compose({ topic: "orders", type: "order.placed", data: newer }));
  assert.equal(event?.type, "order.placed");
  assert.deepEqual(event.data, { ...newer, express: false });
});

test("fields are passed over also below one that is called as a keyword of schemas is", () => {
  const choice = t.object({ street: t.string() });
  const settings = topic({
    name: "settings",
    events: { "setting.made": t.object({ default: choice, const: t.array(choice), properties: choice }) },
  });
  const newer = { street: "Elm", floor: 3 };
  const data = { default: newer, const: [newer], properties: newer };
  const event = settings.read(compose({ topic: "settings", type: "setting.made", data }));
  assert.deepEqual(event?.data, data);
});

test("what is heard is a copy: what one subscriber is given another may not see", () => {
  const message = compose({ topic: "orders", type: "order.placed", data: order });
  heard(message);
  assert.equal(Object.hasOwn(order, "express"), false);
});

test("an event that does not fit is put aside at once, with the reason; those behind it go on", async () => {
  const broker = memoryBroker();
  const items: string[] = [];
  const subscription = await broker.subscribe({
    subscriber: "shipping",
    ...orders.handles({
      async "order.placed"({ data }, { attempt }) {
        items.push(`${data.item} in attempt ${attempt}`);
      },
    }),
  });
  const say = (type: string, data: unknown) => compose({ topic: "orders", type, key: "7", data });
  await broker.publish([
    say("order.placed", { ...order, count: "two" }),
    say("order.cancelled", {}),
    say("order.praised", { stars: 5 }),
    say("order.placed", order),
  ]);
  await broker.idle();
  assert.deepEqual(items, ["pear in attempt 1"]);
  const letters = await broker.deadLetters({ topic: "orders", subscriber: "shipping" }).list();
  assert.deepEqual(
    letters.map(({ error, attempts }) => [error, attempts]),
    [['order.placed is not as topic "orders" declares it: /count must be integer', 1]],
  );
  await subscription.close();
});

test("types that are not declared are put aside where the topic says so", () => {
  const strict = topic({ name: "orders", events: { "order.placed": placed }, unknown: "put aside" });
  const message = compose({ topic: "orders", type: "order.praised", data: {} });
  assert.throws(() => strict.read(message), PutAside);
  assert.equal(orders.read(message), undefined);
});

test("of an event that is one long mistake the first is told: no reader stands still over it", () => {
  const data = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`unknown-${at}`, 1]));
  assert.throws(
    () => orders.draft({ type: "order.placed", data: { ...order, ...data } }),
    ({ message }: Error) => message.split("; ").length === 1,
  );
});

test("types follow from the declaration", () => {
  type Placing<Data> = { type: "order.placed"; data: Data } extends Drafts ? "compiles" : "does not";
  const right: Placing<typeof order> = "compiles";
  const wrong: Placing<{ item: string; count: string }> = "does not";
  assert.notEqual(right, wrong);
  const describe = (event: EventOf<typeof orders.events>): string | number =>
    event.type === "order.placed" ? event.data.count : event.type;
  const event = heard(compose(orders.draft({ type: "order.cancelled", data: {} })));
  assert.ok(event);
  assert.equal(describe(event), "order.cancelled");
  const events: EventSchemas = orders.events;
  assert.deepEqual(Object.keys(events), ["order.placed", "order.cancelled"]);
});

function heard(message: Message) {
  return orders.read(message);
}

/** As it arrives after a broker has carried it. */
function sent(message: Message): Message {
  return JSON.parse(JSON.stringify(message)) as Message;
}

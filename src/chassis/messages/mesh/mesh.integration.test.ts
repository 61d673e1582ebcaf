import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { seededRandom } from "#base";
import { lacksNats, type RealNats, realNats } from "#testing";
import type { Broker } from "../broker.ts";
import { composer, type Message } from "../message.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { persistently } from "../testing/persistently.ts";
import { type CuttableLine, cuttableLine } from "./testing/cuttable-line.ts";
import { type OpenedGateway, openGateway } from "./testing/open-gateway.ts";
import { wayOf } from "./way.ts";

const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

/*
 * Three sites, each with its own nats-server, a gateway (a process) and a service that speaks and listens there only.
 * Between any two sites there is a line for each direction of fetching.
 */
test("what is said at one site is heard at all others, whichever lines, gateways and servers die meanwhile", {
  skip: lacksNats() ?? false,
  timeout: 240_000,
}, async (context) => {
  const [a, b, c] = (await Promise.all(names.map((name) => openSite(context, name)))) as [Site, Site, Site];
  const sites = [a, b, c];
  const gateways = new Map<Name, LinedGateway>();
  for (const site of sites) gateways.set(site.name, await openLined(context, site, sites));
  const gatewayOf = (site: Site) => gateways.get(site.name) as LinedGateway;
  await Promise.all([...gateways.values()].map((gateway) => gateway.standing()));
  const everywhere = () => Promise.all(sites.map((site) => site.heardAll(sites)));

  // All lines are there; whichever way is the quickest.
  await a.say(20);
  await everywhere();

  // The lines between a and b are dead: c stands in.
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const)
    gatewayOf(to).lineFrom(from).cut();
  await Promise.all([a.say(20), b.say(20)]);
  await everywhere();
  assert.deepEqual(b.wayOf("a 40"), ["a", "c"]);
  assert.deepEqual(a.wayOf("b 20"), ["b", "c"]);

  // The one that stood in is killed, server and gateway, and the direct way is back.
  await gatewayOf(c).kill();
  await c.nats.kill();
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const)
    gatewayOf(to).lineFrom(from).heal();
  await Promise.all([a.say(20), b.say(20)]);
  await Promise.all([a.heardAll([a, b]), b.heardAll([a, b])]);
  await c.nats.start();
  gateways.set("c", await openLined(context, c, sites));
  await everywhere();

  // b is cut off from everybody, and everybody goes on speaking.
  const aroundB = [
    gatewayOf(b).lineFrom(a),
    gatewayOf(b).lineFrom(c),
    gatewayOf(a).lineFrom(b),
    gatewayOf(c).lineFrom(b),
  ];
  for (const line of aroundB) line.cut();
  await Promise.all(sites.map((site) => site.say(20)));
  await Promise.all([a.heardAll([a, c]), c.heardAll([a, c])]);
  for (const line of aroundB) line.heal();
  await everywhere();

  // And in the middle of it each server and each gateway is killed once.
  for (const site of sites) {
    const speaking = Promise.all(sites.map((speaker) => speaker.say(10)));
    await gatewayOf(site).kill();
    await site.nats.kill();
    await site.nats.start();
    gateways.set(site.name, await openLined(context, site, sites));
    await speaking;
    await everywhere();
  }

  for (const site of sites) site.checkOrder(sites);
});

class Site {
  readonly name: Name;
  readonly nats: RealNats;
  readonly #broker: Broker;
  readonly #compose;
  readonly #heard: Message[] = [];
  #next = Promise.withResolvers<void>();
  #said = 0;

  constructor(name: Name, nats: RealNats, broker: Broker) {
    this.name = name;
    this.nats = nats;
    this.#broker = broker;
    this.#compose = composer({ source: `/${name}`, random: seededRandom(names.indexOf(name)) });
  }

  hear(message: Message): void {
    this.#heard.push(message);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** One after the other, of one key, each until it is acknowledged. */
  async say(count: number): Promise<void> {
    for (const end = this.#said + count; this.#said < end; ) {
      const data = `${this.name} ${this.#said + 1}`;
      await persistently(this.#broker, [this.#compose({ topic: "orders", type: "counted", key: "k", data })]);
      this.#said += 1;
    }
  }

  async heardAll(speakers: readonly Site[]): Promise<void> {
    while (speakers.some((speaker) => this.#numbersOf(speaker).length < speaker.#said))
      await this.#next.promise;
  }

  /** Where it was before it was heard here for the first time. */
  wayOf(data: string): readonly string[] {
    const message = this.#heard.find(({ event }) => event.data === data);
    return message ? wayOf(message.event) : [];
  }

  checkOrder(speakers: readonly Site[]): void {
    for (const speaker of speakers)
      assert.deepEqual(
        this.#numbersOf(speaker),
        Array.from({ length: speaker.#said }, (_, at) => `${speaker.name} ${at + 1}`),
        `what ${this.name} heard of ${speaker.name}`,
      );
  }

  #numbersOf(speaker: Site): unknown[] {
    const data = new Set(this.#heard.map(({ event }) => event.data as string));
    return [...data].filter((text) => text.startsWith(`${speaker.name} `));
  }
}

async function openSite(context: TestContext, name: Name): Promise<Site> {
  const nats = await realNats({ name });
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  const site = new Site(name, nats, broker);
  const subscription = await broker.subscribe({
    topic: "orders",
    subscriber: "service",
    handle: async ({ message }) => site.hear(message),
  });
  context.after(() => subscription.close());
  return site;
}

interface LinedGateway extends OpenedGateway {
  lineFrom(site: Site): CuttableLine;
}

async function openLined(context: TestContext, site: Site, sites: readonly Site[]): Promise<LinedGateway> {
  const lines = new Map<Name, CuttableLine>();
  for (const { name, nats } of sites)
    if (name !== site.name) lines.set(name, await cuttableLine(portOf(nats)));
  const gateway = openGateway(context, {
    site: site.name,
    servers: site.nats.url,
    neighbours: [...lines].map(([name, { port }]) => ({ site: name, servers: `nats://127.0.0.1:${port}` })),
    topics: ["orders"],
  });
  context.after(() => Promise.all([...lines.values()].map((line) => line.close())));
  return { ...gateway, lineFrom: ({ name }) => lines.get(name) as CuttableLine };
}

function portOf({ url }: RealNats): number {
  return Number(new URL(url).port);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base";
import { VirtualClock } from "#testing";
import type { Subscription } from "../broker.ts";
import { limits } from "../limits.ts";
import { type MemoryBroker, memoryBroker } from "../memory-broker.ts";
import { composer } from "../message.ts";
import { type Gateway, type GatewayOptions, gateway, type OpenedBroker } from "./gateway.ts";
import { wayOf } from "./way.ts";

const topic = "orders";

interface Site {
  readonly name: string;
  readonly broker: MemoryBroker;
  /** What a subscriber there has seen: origin, key and number, and the way it came. */
  readonly seen: { readonly what: string; readonly way: readonly string[] }[];
  gateway?: Gateway;
}

/** Sites, and lines between them that can be cut, as a picture of what is deployed. */
class Mesh {
  readonly clock = new VirtualClock();
  readonly sites: Site[];
  readonly #lines: ReadonlyMap<string, { isCut: boolean }>;
  readonly #compose = composer({ source: "/test", clock: this.clock, random: seededRandom(1) });
  readonly #numbers = new Map<string, number>();

  readonly #failure: Failure;

  constructor(count: number, lines: readonly (readonly [number, number])[], failure: Failure) {
    this.#failure = failure;
    this.sites = Array.from({ length: count }, (_, at) => ({
      name: `s${at}`,
      broker: memoryBroker({ clock: this.clock }),
      seen: [],
    }));
    this.#lines = new Map(
      lines
        .filter(([a, b]) => a !== b && a < count && b < count)
        .map((line) => [nameOf(...line), { isCut: false }]),
    );
  }

  async open(): Promise<void> {
    for (const site of this.sites) {
      await site.broker.subscribe({
        topic,
        subscriber: "test",
        async handle({ message: { event } }) {
          site.seen.push({ what: event.data as string, way: [...wayOf(event), site.name] });
        },
      });
      await this.openGateway(site);
    }
  }

  async openGateway(site: Site): Promise<void> {
    await this.#close(site);
    const at = this.sites.indexOf(site);
    site.gateway = gateway({
      site: site.name,
      broker: this.#slow(site.broker),
      topics: [topic],
      clock: this.clock,
      neighbours: this.sites.flatMap((neighbour, other) => {
        const line = this.#lines.get(nameOf(at, other));
        return line ? [{ site: neighbour.name, open: async () => over(line, neighbour.broker) }] : [];
      }),
    });
    await Promise.all(site.gateway.links.values());
  }

  /** A broker that takes a while to keep something, each time another, and fails now and then. */
  #slow(broker: MemoryBroker): GatewayOptions["broker"] {
    let calls = 0;
    return {
      publish: async (messages) => {
        calls += 1;
        const fails = calls % 3 === 0;
        await this.clock.sleep((calls % 5) * 7);
        if (fails && this.#failure === "before") throw new Error("not kept");
        await broker.publish(messages);
        if (fails) throw new Error("kept, and nobody was told");
      },
    };
  }

  async close(): Promise<void> {
    for (const site of this.sites) await this.#close(site);
  }

  /** What is in hand needs time to be carried. */
  async #close({ gateway }: Site): Promise<void> {
    const closed = gateway?.close();
    await this.clock.advance(limits.linkRetryMs);
    await closed;
  }

  setCut(line: number, isCut: boolean): void {
    const found = [...this.#lines.values()][line % Math.max(1, this.#lines.size)];
    if (found) found.isCut = isCut;
  }

  async publish(at: number, key: string): Promise<void> {
    const site = this.sites[at % this.sites.length] as Site;
    const of = `${site.name} ${key}`;
    const number = (this.#numbers.get(of) ?? 0) + 1;
    this.#numbers.set(of, number);
    await site.broker.publish([this.#compose({ topic, type: "counted", key, data: `${of} ${number}` })]);
  }

  /** Resolves when everything is where it can get to: nothing has come anywhere for longer than anything is put off. */
  async settle(): Promise<void> {
    const count = () => this.sites.reduce((sum, { seen }) => sum + seen.length, 0);
    for (let quiet = 0, before = count(); quiet < 3; quiet += 1) {
      await this.clock.advance(limits.linkRetryMs);
      if (count() > before) quiet = 0;
      before = count();
    }
  }

  /** Which sites reach each other over lines that are not cut. */
  groups(): Site[][] {
    const rest = new Set(this.sites.keys());
    const groups: Site[][] = [];
    for (const start of rest) {
      const group = [start];
      rest.delete(start);
      for (const at of group)
        for (const other of rest)
          if (this.#lines.get(nameOf(at, other))?.isCut === false) {
            group.push(other);
            rest.delete(other);
          }
      groups.push(group.map((at) => this.sites[at] as Site));
    }
    return groups;
  }
}

/** A broker at the other end of a line. */
function over(line: { readonly isCut: boolean }, broker: MemoryBroker): OpenedBroker {
  return {
    subscribe: ({ handle, ...options }) =>
      broker.subscribe({
        ...options,
        async handle(delivery) {
          if (line.isCut) throw new Error("the line is cut");
          await handle(delivery);
        },
      }),
  };
}

function nameOf(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

/** What becomes of every third message that a gateway says: it is refused before it is kept, or after. */
type Failure = "before" | "after";

type Step = (mesh: Mesh) => Promise<void> | void;

const site = fc.nat(5);
const line = fc.nat(20);
const publish = fc.tuple(site, fc.constantFrom("k", "l")).map(
  ([at, key]): Step =>
    (mesh) =>
      mesh.publish(at, key),
);
const cut = line.map(
  (at): Step =>
    (mesh) =>
      mesh.setCut(at, true),
);
const heal = line.map(
  (at): Step =>
    (mesh) =>
      mesh.setCut(at, false),
);
const settle = fc.constant<Step>((mesh) => mesh.settle());
const restart = site.map(
  (at): Step =>
    (mesh) =>
      mesh.openGateway(mesh.sites[at % mesh.sites.length] as Site),
);
const lines = fc.array(fc.tuple(site, site), { minLength: 2, maxLength: 12 });

/** After any history: whoever can reach each other has seen the same, each key of an origin in order, no way with a circle. */
async function play(mesh: Mesh, steps: readonly Step[]): Promise<void> {
  await mesh.open();
  for (const step of steps) await step(mesh);
  await mesh.settle();
  for (const group of mesh.groups()) {
    const [first, ...others] = group.map(({ seen }) => new Set(seen.map(({ what }) => what)));
    for (const other of others) assert.deepEqual([...other].sort(), [...(first as Set<string>)].sort());
  }
  for (const { seen } of mesh.sites) {
    const last = new Map<string, number>();
    for (const what of new Set(seen.map(({ what }) => what))) {
      const [origin, key, number] = what.split(" ");
      assert.equal(Number(number), (last.get(`${origin} ${key}`) ?? 0) + 1, "in order, and none is missing");
      last.set(`${origin} ${key}`, Number(number));
    }
    for (const { way } of seen) assert.equal(new Set(way).size, way.length, "no site twice");
  }
  await mesh.close();
}

test("sites that reach each other, by whichever way, see the same, once, and each key in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 6 }),
      lines,
      fc.array(fc.oneof(publish, publish, cut, heal, settle), { maxLength: 30 }),
      async (count, between, steps) => {
        const mesh = new Mesh(count, between, "before");
        await play(mesh, steps);
        for (const { seen } of mesh.sites)
          assert.equal(new Set(seen.map(({ what }) => what)).size, seen.length);
      },
    ),
    { numRuns: 300 },
  );
});

test("gateways that forget what they have carried, or were not told, repeat it, and lose and reorder nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 5 }),
      lines,
      fc.array(fc.oneof(publish, publish, cut, heal, settle, restart), { maxLength: 30 }),
      (count, between, steps) => play(new Mesh(count, between, "after"), steps),
    ),
    { numRuns: 300 },
  );
});

test("what has come further than a mesh is wide is left where it is", async () => {
  const count = limits.hops + 2;
  const mesh = new Mesh(
    count,
    Array.from({ length: count - 1 }, (_, at) => [at, at + 1] as const),
    "before",
  );
  await mesh.open();
  await mesh.publish(0, "k");
  await mesh.settle();
  assert.deepEqual(
    mesh.sites.map(({ seen }) => seen.length),
    [...Array.from({ length: limits.hops + 1 }, () => 1), 0],
  );
});

test("a gateway closes also while a neighbour's broker is still waited for", async () => {
  const asked = Promise.withResolvers<void>();
  const subscribed = Promise.withResolvers<Subscription>();
  const closed: string[] = [];
  const there: OpenedBroker = {
    subscribe() {
      asked.resolve();
      return subscribed.promise;
    },
    close: async () => void closed.push("broker"),
  };
  const neighbours = [{ site: "b", open: async () => there }];
  const opened = gateway({ site: "a", broker: memoryBroker(), topics: [topic], neighbours });
  await asked.promise;
  await opened.close();
  subscribed.resolve({ close: async () => void closed.push("subscription") });
  await subscribed.promise;
  await Promise.resolve();
  assert.deepEqual(closed, ["broker", "subscription"]);
});

test("a site has a name that a way can have in it", () => {
  const broker = memoryBroker();
  for (const site of ["", "a,b", "A"])
    assert.throws(() => gateway({ site, broker, neighbours: [], topics: [] }), /cannot open the gateway/);
});

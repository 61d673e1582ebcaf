import { badRequest, type Clock, type Logger, silentLogger, systemClock } from "#base";
import { persist } from "../../database/persist.ts";
import type { Broker, Subscription } from "../broker.ts";
import { limits } from "../limits.ts";
import type { Message } from "../message.ts";
import { retryDelayMs } from "../retry-delay.ts";
import { Carried } from "./carried.ts";
import { hasBeenAt, isSite, nextStop, wayOf } from "./way.ts";

export interface GatewayOptions {
  /** Where it stands: 1 to 63 lower-case letters, digits and dashes. Copies of a gateway have it in common. */
  readonly site: string;
  /** What the services of this site publish to and subscribe at. */
  readonly broker: Pick<Broker, "publish">;
  /** The sites from which messages are fetched. Those fetch from here when they name this one. */
  readonly neighbours: readonly Neighbour[];
  /** What is carried. */
  readonly topics: readonly string[];
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface Neighbour {
  readonly site: string;
  /** Opens its broker: `() => natsBroker({ servers })`. Called again when it rejects. */
  readonly open: () => Promise<OpenedBroker>;
}

/** A neighbour's broker. It is closed with the gateway, when it can be. */
export interface OpenedBroker extends Pick<Broker, "subscribe"> {
  close?(): Promise<void>;
}

export interface Gateway {
  /** By neighbour: resolves when its link stands for the first time. From then on nothing that is said there is missed. */
  readonly links: ReadonlyMap<string, Promise<void>>;
  /** Fetches no more, and resolves when what is in hand is carried. What comes meanwhile waits at the neighbours. */
  close(): Promise<void>;
}

/**
 * Fetches what is said at neighbouring sites and says it here, so that the neighbours of this site can fetch it in turn.
 * Every message takes every way, and only the first to arrive counts: when a site or a line dies there is nothing to
 * decide. A site that is cut off is waited for, by the brokers on both sides.
 *
 *     a ⇄ b      said at a: fetched by b and by c; c fetches b's, too, and drops it, for it has a's
 *      ⇅ ⇅       a ⇄ b dies: b has c's
 *       c
 */
export function gateway(options: GatewayOptions): Gateway {
  const { site, neighbours, clock = systemClock, log = silentLogger } = options;
  for (const name of [site, ...neighbours.map((neighbour) => neighbour.site)])
    if (!isSite(name))
      throw badRequest(
        `cannot open the gateway of "${site}": "${name}" is not 1 to 63 lower-case letters, digits and dashes`,
      );
  const closing = new AbortController();
  const carried = new Carried();
  const opened = neighbours.map((neighbour) => {
    const standing = Promise.withResolvers<void>();
    const ended = persist(
      `the link from ${neighbour.site} to ${site}`,
      { clock, log, signal: closing.signal },
      () =>
        link({ ...options, log }, neighbour, carried, {
          signal: closing.signal,
          onStanding: standing.resolve,
        }),
    );
    return { site: neighbour.site, standing: standing.promise, ended };
  });
  return {
    links: new Map(opened.map(({ site, standing }) => [site, standing])),
    async close() {
      closing.abort(new Error(`the gateway of ${site} is closed`));
      await Promise.all(opened.map(({ ended }) => ended));
    },
  };
}

interface LinkLife {
  readonly signal: AbortSignal;
  readonly onStanding: () => void;
}

/** Fetches from one neighbour, until the signal is aborted. Subscriptions come back by themselves. */
async function link(
  { site, broker, topics, log = silentLogger }: GatewayOptions,
  neighbour: Neighbour,
  carried: Carried,
  { signal, onStanding }: LinkLife,
): Promise<void> {
  const over = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const carry = async ({ topic, event }: Message) => {
    const way = [...wayOf(event), neighbour.site];
    if (hasBeenAt(way, site)) return;
    if (way.length > limits.hops) {
      log.error(`${event.type} is left where it is, for it has come too far`, { topic, id: event.id, way });
      return;
    }
    await carried.once(topic, event, () => broker.publish([{ topic, event: nextStop(event, way) }]));
  };
  const opening = neighbour.open();
  const subscriptions: Subscription[] = [];
  try {
    const there = await Promise.race([opening, over]);
    if (!there) return;
    for (const topic of topics) {
      const subscribing = there.subscribe({
        topic,
        subscriber: `mesh-${site}`,
        handle: ({ message }) => carry(message),
        // When the own broker is back, what was waiting for it is not to wait for half a minute.
        retryDelayMs: (attempt) => Math.min(retryDelayMs(attempt), limits.linkRetryMs),
      });
      const subscription = await Promise.race([subscribing, over]);
      if (!subscription) {
        // A broker that is away may take its time; what stands by then is closed.
        subscribing.then((late) => late.close()).catch(() => {});
        return;
      }
      subscriptions.push(subscription);
    }
    onStanding();
    await over;
  } finally {
    await Promise.all(subscriptions.map((subscription) => subscription.close()));
    // Also one that opens only when nobody waits for it any more is closed.
    opening.then((there) => there.close?.()).catch(() => {});
  }
}

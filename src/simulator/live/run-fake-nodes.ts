import { StatusWriter } from "#agent";
import { fakeNodeKey, isFakeNode, localNodeLabel, nodes, type Pod, persistentVolumes, pods } from "#api";
import type { Clock, Logger, Random } from "#base";
import { type Client, Informers } from "#client";
import { limits } from "../limits.ts";
import { type Behaviour, ordinary } from "../nodes/behaviour.ts";
import { Fleet } from "../nodes/fleet.ts";
import type { NodePower } from "../nodes/node-power.ts";
import { beats } from "./beats.ts";
import { shapeOf } from "./fake-node.ts";
import { podOfFakeNodes } from "./pod-of-fake-nodes.ts";

export interface FakeNodesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends it. What the nodes have said stays, as that of machines that are off. */
  readonly signal: AbortSignal;
}

/** Simulates every node that is labelled as fake, from when it is made until it is deleted. */
export async function runFakeNodes(options: FakeNodesOptions): Promise<void> {
  const { clock, logger, random, signal } = options;
  const informers = new Informers(options);
  // What the server answers is known here at once: nobody decides by what he has just changed himself.
  const client = informers.client();
  const known = informers.of(nodes, { labelSelector: `${fakeNodeKey}=true` });
  const all = informers.of(pods, { fieldSelector: "spec.nodeName!=", keep: podOfFakeNodes });
  const statuses = new StatusWriter({ client, clock, logger, signal });
  const news = new News(clock);
  const fleet = new Fleet({
    pods: all,
    nodes: known,
    volumes: informers.of(persistentVolumes, { labelSelector: localNodeLabel }),
    behaviourOf,
    live: { statuses, beats },
    power: () => powerOf({ client, clock, logger, random, signal, news }),
  });
  await informers.synced();
  known.addHandler({
    added(node) {
      if (isFakeNode(node)) fleet.add(shapeOf(node)).boot();
      else
        logger.warn(
          `node ${node.metadata?.name} is labelled ${fakeNodeKey}, but has an agent: it is left alone`,
        );
    },
    deleted: ({ metadata }) => fleet.remove(metadata?.name ?? ""),
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Services run for ever, what is to end ends after a while. */
function behaviourOf({ spec }: Pod): Behaviour {
  return (spec?.restartPolicy ?? "Always") === "Always" ? lasting : ending;
}

/** They run before a node that has nothing new to say of a pod would say that it waits: one status for each, not two. */
const lasting: Behaviour = { ...ordinary, startMs: [200, 800], readyMs: [0, 0], stopMs: [20, 500] };
const ending: Behaviour = { ...lasting, runsForMs: [500, 3_000] };

function powerOf(options: FakeNodesOptions & { readonly news: News }): NodePower {
  const { news, signal, ...rest } = options;
  const off = new AbortController();
  const isOff = AbortSignal.any([signal, off.signal]);
  return {
    ...rest,
    signal: isOff,
    hear: (one) => news.add(() => !isOff.aborted && one()),
    off: () => off.abort(),
  };
}

/** What nodes learn, a moment later and all at once: bursts of events about one node make it look once. */
class News {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(one: () => void): void {
    this.#waiting.push(one);
    if (this.#waiting.length > 1) return;
    this.#clock.setTimer(limits.newsMs, () => {
      const told = this.#waiting;
      this.#waiting = [];
      for (const each of told) each();
    });
  }
}

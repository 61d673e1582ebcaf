import { type Pod, pods } from "#api";
import type { Placed, Profile, Writing } from "./framework/plugin.ts";

/**
 * Has plugins reserve and prepare what a decision needs. Undefined when nothing has to be waited for. If any of it fails, all is given back,
 * last first, and it throws or rejects.
 */
export function prepare(placed: Placed, profile: Profile, writing: Writing): Promise<void> | undefined {
  const { plugins } = profile;
  let reserved = 0;
  try {
    for (const plugin of plugins) {
      reserved += 1;
      plugin.reserve?.(placed);
    }
  } catch (error) {
    giveBack(placed, plugins.slice(0, reserved));
    throw error;
  }
  const works = plugins.flatMap((plugin) => plugin.preBind?.(placed, writing) ?? []);
  if (works.length === 0) return undefined;
  return Promise.all(works).then(
    () => {},
    (error) => {
      giveBack(placed, plugins);
      throw error;
    },
  );
}

/** What plugins write with while a pod is being prepared; it can be given up. */
export class Preparation implements Writing {
  readonly client: Writing["client"];
  readonly clock: Writing["clock"];
  readonly #outer: AbortSignal;
  readonly #given = new AbortController();
  #signal: AbortSignal | undefined;

  constructor({ client, clock, signal }: Writing) {
    this.client = client;
    this.clock = clock;
    this.#outer = signal;
  }

  /** Made when somebody asks: few pods have anything to wait for. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([this.#outer, this.#given.signal]);
    return this.#signal;
  }

  giveUp(why: Error): void {
    this.#given.abort(why);
  }
}

/** Writes the decision. */
export async function bind(placed: Placed, profile: Profile, { client, signal }: Writing): Promise<void> {
  const { facts, nodeName } = placed;
  const { name = "", namespace, uid } = facts.pod.metadata ?? {};
  const target = { apiVersion: "v1", kind: "Node", name: nodeName };
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target };
  try {
    await client.resource<Pod>(pods, namespace).postSubresource(name, "binding", binding, { signal });
  } catch (error) {
    giveBack(placed, profile.plugins);
    throw error;
  }
}

function giveBack(placed: Placed, plugins: Profile["plugins"]): void {
  for (const plugin of plugins.toReversed()) plugin.unreserve?.(placed);
}

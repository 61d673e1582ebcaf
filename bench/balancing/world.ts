import { type Clock, seededRandom, sleepOn } from "#base";
import { Balancer, type Instance, placeOf, type Strategy } from "#chassis/discovery";

/** A set of copies of a service, under requests, in virtual time: the same seed gives the same figures on any machine. */
export interface World {
  readonly name: string;
  readonly backends: readonly Backend[];
  /** The share of what all can do together that is asked of them. */
  readonly utilisation: number;
}

export interface Backend {
  /** How long a request takes that waits for nobody, on average; its length is drawn from an exponential distribution. */
  readonly meanMs: number;
  readonly weight?: number;
  readonly zone?: string;
}

export interface Result {
  readonly latenciesMs: readonly number[];
  /** Requests by backend. */
  readonly counts: readonly number[];
}

const nobody: ReadonlySet<string> = new Set();
/** So many requests are worked on at once by one copy; the others wait in line. */
const hands = 4;

/** Requests come by chance (Poisson), each goes where the strategy says, and waits there for its turn. */
export function play(world: World, strategy: Strategy, requests: number): Result {
  const random = seededRandom(11);
  const exponential = (mean: number) => -Math.log(1 - random.float()) * mean;
  let nowMs = 0;
  const balancer = new Balancer({ strategy, clock: clockOf(() => nowMs) });
  const instances: readonly Instance[] = world.backends.map(({ weight = 1, zone }, at) => ({
    service: "backend",
    id: String(at),
    host: "127.0.0.1",
    port: 1 + at,
    weight,
    ...(zone ? { zone } : {}),
  }));
  const at = new Map(instances.map((instance, index) => [placeOf(instance), index]));
  const capacity = world.backends.reduce((sum, { meanMs }) => sum + hands / meanMs, 0);
  const betweenMs = 1 / (capacity * world.utilisation);
  /** When each hand of each copy is free again. */
  const free = world.backends.map(() => new Array<number>(hands).fill(0));
  const pending: { readonly endMs: number; readonly end: () => void }[] = [];
  const latenciesMs: number[] = [];
  const counts = world.backends.map(() => 0);
  for (let request = 0; request < requests; request += 1) {
    const arrivedMs = nowMs + exponential(betweenMs);
    finish(arrivedMs);
    nowMs = arrivedMs;
    const chosen = balancer.pick(
      instances,
      { destination: thing(), source: `caller ${random.uint32() % 50}` },
      nobody,
    );
    if (!chosen) throw new Error("there is always somebody");
    const index = at.get(chosen.place) as number;
    const line = free[index] as number[];
    const hand = line.indexOf(Math.min(...line));
    const endMs =
      Math.max(nowMs, line[hand] as number) + exponential((world.backends[index] as Backend).meanMs);
    line[hand] = endMs;
    counts[index] = (counts[index] as number) + 1;
    latenciesMs.push(endMs - nowMs);
    insert({ endMs, end: () => chosen.ended("well") });
  }
  return { latenciesMs, counts };

  /** Things are asked for as they are in the world: the first as often as the next two together. */
  function thing(): string {
    return `thing ${Math.floor(1000 ** random.float())}`;
  }

  function insert(one: (typeof pending)[number]): void {
    let place = pending.length;
    while (place > 0 && (pending[place - 1] as typeof one).endMs > one.endMs) place -= 1;
    pending.splice(place, 0, one);
  }

  function finish(untilMs: number): void {
    let done = 0;
    for (const { endMs, end } of pending) {
      if (endMs > untilMs) break;
      nowMs = endMs;
      end();
      done += 1;
    }
    pending.splice(0, done);
  }
}

function clockOf(monotonicMs: () => number): Clock {
  const clock: Clock = {
    now: monotonicMs,
    monotonicMs,
    setTimer: () => ({ cancel() {} }),
    sleep: (delayMs, signal) => sleepOn(clock, delayMs, signal),
  };
  return clock;
}

import { seededRandom } from "#base";
import { Balancer, fixedRegistry, type Strategy } from "#chassis/discovery";
import { VirtualClock } from "#testing";
import { percentile } from "../row.ts";
import { type Backend, WorkingBackend } from "./backends.ts";

export interface Simulated {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

export interface Simulation {
  readonly backends: readonly Backend[];
  readonly strategy: Strategy;
  /** Whether the registry knows how strong each is. */
  readonly weights: "known" | "unknown";
}

const requests = 20_000;
const clients = 4;
/** Round-robin's share for the slowest is then seven eighths of what that can do. */
const perSecond = 700;

/** The chassis' own balancer in virtual time: four clients, requests as they come (Poisson), about a hundred things that they are about. */
export async function simulate({ backends, strategy, weights }: Simulation): Promise<Simulated> {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const working = new Map(backends.map((each) => [each.id, new WorkingBackend(each, { clock, random })]));
  const instances = backends.map(({ id, zone, meanMs }) => ({
    id,
    url: `http://${id}`,
    zone,
    ...(weights === "known" ? { weight: 100 / meanMs } : {}),
  }));
  const registry = fixedRegistry({ simulated: instances });
  const balancers = Array.from(
    { length: clients },
    (_, at) =>
      new Balancer({
        registry,
        service: "simulated",
        strategy,
        zone: at % 2 === 0 ? "east" : "west",
        clock,
        random,
      }),
  );
  const tookMs: number[] = [];
  for (let request = 0; request < requests; request += 1) {
    await clock.advance((-Math.log(1 - random.float()) * 1_000) / perSecond);
    const client = random.uint32() % clients;
    // Few things are asked about often and many seldom, as it is.
    const destination = `thing-${Math.floor(random.float() ** 2 * 100)}`;
    const balancer = balancers[client] as Balancer;
    const picked = await balancer.pick({ destination, source: `user-${random.uint32() % 200}` });
    const answerMs = working.get(picked.instance.id)?.answerInMs() ?? 0;
    tookMs.push(answerMs);
    clock.setTimer(answerMs, () => picked.ended("answered"));
  }
  return {
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    p999Ms: percentile(tookMs, 0.999),
  };
}

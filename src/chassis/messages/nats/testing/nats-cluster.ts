import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { systemClock } from "#base";
import { freePort, type RealNats, realNats } from "#testing";

/**
 * Three nats-servers that are one cluster, on loopback, each with a directory of its own. A test has one for itself: of a
 * stream that was deleted and made again just before, servers of 2.9 may forget the second when they are killed.
 */
export interface NatsCluster {
  /** By name: `a`, `b` and `c`. */
  readonly servers: ReadonlyMap<string, RealNats>;
  readonly urls: readonly string[];
  /** The server that leads the stream now. */
  leaderOf(stream: string): Promise<RealNats>;
  /** Resolves when every server has everything that all streams keep. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export async function natsCluster(): Promise<NatsCluster> {
  const planned: { readonly name: string; readonly routePort: number }[] = [];
  for (const name of ["a", "b", "c"]) planned.push({ name, routePort: await freePort() });
  const routes = planned.map(({ routePort }) => `"nats-route://127.0.0.1:${routePort}"`).join(", ");
  const servers = new Map(
    await Promise.all(
      planned.map(async ({ name, routePort }): Promise<[string, RealNats]> => {
        const configuration = `cluster { name: three, listen: "127.0.0.1:${routePort}", routes: [${routes}] }`;
        return [name, await realNats({ name, configuration })];
      }),
    ),
  );
  const urls = [...servers.values()].map(({ url }) => url);
  const ask = async <Answer>(question: (manager: JetStreamManager) => Promise<Answer>) => {
    const nats = await connect({ servers: urls });
    try {
      // While there is no leader nobody answers.
      return await question(await jetstreamManager(nats, { checkAPI: false, timeout: 500 }));
    } finally {
      await nats.close();
    }
  };
  const streams = () => ask((manager) => Array.fromAsync(manager.streams.list()));
  const stop = async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  };
  await eventually("a leader", () => ask((manager) => manager.getAccountInfo())).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    servers,
    urls,
    leaderOf: (stream) =>
      eventually(`a leader of ${stream}`, async () => {
        const found = (await streams()).find(({ config }) => config.name === stream);
        return servers.get(found?.cluster?.leader ?? "");
      }),
    async caughtUp() {
      await eventually("what every server was to have", async () => {
        const seen = await streams();
        const isWhole = seen.every(
          ({ cluster }) =>
            cluster?.leader &&
            cluster.replicas?.length === servers.size - 1 &&
            cluster.replicas.every(({ current, offline }) => current && !offline),
        );
        return seen.length > 0 && isWhole ? seen : undefined;
      });
    },
    stop,
  };
}

/** What `look` comes to, as soon as it comes to something: a cluster tells nobody that it has agreed. */
async function eventually<Result>(
  what: string,
  look: () => Promise<Result | undefined>,
): Promise<NonNullable<Result>> {
  const endMs = systemClock.monotonicMs() + limitMs;
  for (let last: unknown; ; await systemClock.sleep(100)) {
    try {
      const result = await look();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    if (systemClock.monotonicMs() > endMs)
      throw new Error(`three servers of NATS have not come to ${what} within ${limitMs} ms`, { cause: last });
  }
}

/** A failure, not a pace. */
const limitMs = 60_000;

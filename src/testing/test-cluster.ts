import {
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
  type ObjectFeed,
  type Security,
  stamp,
  type User,
} from "#apiserver";
import { silentLogger, systemClock, systemRandom } from "#base";
import { type Client, createClient } from "#client";
import { openMemoryStore, type Store } from "#store";

/** An API server in this process, on a store in memory, that lets everyone do everything. */
export interface TestCluster {
  readonly server: ApiServer;
  readonly store: Store;
  /** As `system:admin`, in process. */
  readonly client: Client;
  /** As somebody else, in process. */
  clientAs(user: User): Client;
  close(): Promise<void>;
}

export interface TestClusterOptions extends Partial<Omit<ApiServerOptions, "store" | "security">> {
  /** What to put in the place of a security that lets everyone do everything. */
  readonly security?: (feed: ObjectFeed) => Partial<Security>;
  /** Made before the server is handed out; `default` and `kube-system` unless said otherwise. */
  readonly namespaces?: readonly string[];
}

/** Starts one; in milliseconds. Close it at the end of the test. */
export async function testCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { namespaces = ["default", "kube-system"], security, ...rest } = options;
  const logger = options.logger ?? silentLogger;
  const store = await openMemoryStore({ stamp, logger });
  const server = createApiServer({
    clock: systemClock,
    random: systemRandom,
    ...rest,
    security: (feed) => ({ ...allowEverything, ...security?.(feed) }),
    logger,
    store,
  });
  const clientAs = (user: User) => createClient({ transport: server.transport(user) });
  const client = clientAs(testAdmin);
  for (const name of namespaces) {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await client.raw("POST", "/api/v1/namespaces", namespace);
  }
  return {
    server,
    store,
    client,
    clientAs,
    async close() {
      await server.close();
      await store.close();
    },
  };
}

export const testAdmin: User = { name: "system:admin", groups: ["system:masters", "system:authenticated"] };

const allowEverything: Security = {
  authenticator: { authenticate: () => testAdmin },
  authorizer: { authorize: () => ({ verdict: "allow", reason: "tests may do everything" }) },
  admission: [],
  participants: [],
  virtual: [],
  streams: [],
};

import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket, connect as tcp } from "node:net";
import { type TestContext, test } from "node:test";
import { type ConfigMap, configMaps } from "#api";
import { ApiError, isNotFound, silentLogger, systemClock, systemRandom } from "#base";
import { servedCluster } from "#testing";
import { createClient } from "./create-client.ts";
import { Informers } from "./informers.ts";
import { connect, connectionFromKubeconfig, httpsTransport } from "./node.ts";

async function newServer(t: TestContext) {
  const cluster = await servedCluster();
  t.after(() => cluster.close());
  const connected = connect({ kubeconfigPath: cluster.kubeconfigPath });
  t.after(() => connected.client.close());
  return { cluster, ...connected };
}

/** A line to a port that the test can cut, and whose connections it can break. */
async function openLine(t: TestContext, to: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = tcp(to, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  t.after(() => {
    server.close();
    cut();
  });
  return { port: (server.address() as AddressInfo).port, cut };
}

function configMap(name: string): ConfigMap {
  return { metadata: { name } };
}

test("requests go out with the kubeconfig's certificate, and refusals come back as ApiError", async (t) => {
  const { client } = await newServer(t);
  const api = client.resource(configMaps, "default");
  const created = await api.create(configMap("a"));
  assert.equal((await api.get("a")).metadata?.uid, created.metadata?.uid);
  await assert.rejects(api.get("b"), isNotFound);
  assert.equal(await api.delete("a"), undefined);
  const version = await client.raw<{ major: string }>("GET", "/version");
  assert.equal(version.major, "1");
});

test("a server that is not there is named in the error", async (t) => {
  const { cluster } = await newServer(t);
  const connection = connectionFromKubeconfig(cluster.kubeconfigPath);
  const transport = httpsTransport({ ...connection, server: "https://127.0.0.1:1" });
  const request = transport.request({ method: "GET", path: "/version", headers: {} });
  await assert.rejects(
    request,
    (error) => error instanceof ApiError && /127\.0\.0\.1:1: .*ECONNREFUSED/.test(error.message),
  );
});

test("a server of another authority is not spoken to", async (t) => {
  const { cluster } = await newServer(t);
  const other = await servedCluster();
  t.after(() => other.close());
  const connection = connectionFromKubeconfig(cluster.kubeconfigPath);
  const transport = httpsTransport({ ...connection, authority: other.tls.authority });
  for (const path of ["/version", "/api/v1/configmaps?watch=true"]) {
    await assert.rejects(
      transport.request({ method: "GET", path, headers: {} }),
      /cannot reach the API server/,
    );
  }
});

test("watches resume after their connection broke, without listing again", async (t) => {
  const { cluster } = await newServer(t);
  const line = await openLine(t, cluster.listener.port);
  const connection = connectionFromKubeconfig(cluster.kubeconfigPath);
  const transport = httpsTransport({ ...connection, server: `https://127.0.0.1:${line.port}` });
  let lists = 0;
  const counted = {
    ...transport,
    request: (sent: Parameters<typeof transport.request>[0]) => {
      if (!sent.path.includes("watch=true")) lists += 1;
      return transport.request(sent);
    },
  };
  const ended = new AbortController();
  t.after(() => {
    ended.abort();
    return transport.close();
  });
  const informers = new Informers({
    client: createClient({ transport: counted }),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    signal: ended.signal,
  });
  const informer = informers.of(configMaps);
  const seen = (name: string) =>
    new Promise<void>((resolve) => {
      const stop = informer.addHandler({ added: (one) => one.metadata?.name === name && resolve() });
      ended.signal.addEventListener("abort", stop, { once: true });
    });
  await informer.synced;
  const api = cluster.client.resource(configMaps, "default");
  for (let round = 0; round < 3; round += 1) {
    const name = `round-${round}`;
    line.cut();
    await api.create(configMap(name));
    await seen(name);
  }
  assert.equal(lists, 1);
});

import assert from "node:assert/strict";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { type AddressInfo, createServer, type Socket, connect as tcp } from "node:net";
import { type TestContext, test } from "node:test";
import { type ApiRequest, type ConfigMap, configMaps } from "#api";
import { ApiError, isNotFound, silentLogger, systemClock, systemRandom } from "#base";
import { type ServedCluster, servedCluster, testAdmin } from "#testing";
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
  let count = 0;
  const server = createServer((near) => {
    count += 1;
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
  return { port: (server.address() as AddressInfo).port, cut, count: () => count };
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

test("all that a program says goes over one connection", async (t) => {
  const { cluster } = await newServer(t);
  const line = await openLine(t, cluster.listener.port);
  const { client } = connectThrough(t, cluster, line.port);
  const api = client.resource(configMaps, "default");
  const { metadata } = await api.create(configMap("first"));
  const watch = api.watch({ resourceVersion: metadata?.resourceVersion ?? "" })[Symbol.asyncIterator]();
  const told = watch.next();
  await Promise.all(Array.from({ length: 20 }, (_, at) => api.create(configMap(`other-${at}`))));
  assert.equal((await told).value?.type, "ADDED");
  assert.equal((await api.list()).items.length, 21);
  assert.equal(line.count(), 1);
  await watch.return?.();
});

test("any other server is spoken to in HTTP", async (t) => {
  const { cluster } = await newServer(t);
  const versions = new Set<string>();
  const port = await openForeignServer(t, cluster, (version) => versions.add(version));
  const { client } = connectThrough(t, cluster, port);
  const api = client.resource(configMaps, "default");
  const { metadata } = await api.create(configMap("first"));
  const watch = api.watch({ resourceVersion: metadata?.resourceVersion ?? "" })[Symbol.asyncIterator]();
  const told = watch.next();
  await Promise.all(Array.from({ length: 20 }, (_, at) => api.create(configMap(`other-${at}`))));
  assert.equal((await told).value?.type, "ADDED");
  await watch.return?.();
  assert.deepEqual([...versions].sort(), ["1.1", "2.0"]);
});

/** A client of the cluster that dials another port. */
function connectThrough(t: TestContext, cluster: ServedCluster, port: number) {
  const connection = connectionFromKubeconfig(cluster.kubeconfigPath);
  const transport = httpsTransport({ ...connection, server: `https://127.0.0.1:${port}` });
  const client = createClient({ transport });
  t.after(() => client.close());
  return { client };
}

/** The same API on a server that is not Nacre's: HTTP/1.1 and HTTP/2, and nothing else. */
async function openForeignServer(
  t: TestContext,
  cluster: ServedCluster,
  onVersion: (version: string) => void,
) {
  const { certificate: cert, key } = cluster.serving;
  const inside = cluster.server.transport(testAdmin);
  const server = createSecureServer({ cert, key, allowHTTP1: true });
  const answer = async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    onVersion(request.httpVersion);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { accept = "", "content-type": type = "" } = request.headers;
    const { status, headers, body } = await inside.request({
      method: request.method as ApiRequest["method"],
      path: request.url,
      headers: { accept, ...(chunks.length > 0 ? { "content-type": type } : {}) },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      signal: gone.signal,
    });
    response.writeHead(status, headers);
    for await (const bytes of body) response.write(bytes);
    response.end();
  };
  server.on("request", (request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

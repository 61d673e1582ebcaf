import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { servedCluster } from "#testing";
import { maxBodyBytes } from "../limits.ts";
import { configMapNamed } from "../testing/ask.ts";

const cluster = await servedCluster({ secured: true });
const { tls, listener } = cluster;
const trusted = { ca: tls.authority, cert: tls.certificate, key: tls.key };
const agent = new Agent({ ...trusted, keepAlive: true });
const maps = "/api/v1/namespaces/default/configmaps";
after(async () => {
  agent.destroy();
  await cluster.close();
});

test("the client certificate says who asks", async () => {
  const { status, body } = await ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {});
  assert.equal(status, 201);
  assert.match(body, /"username":"kubernetes-admin"/);
});

test("without credentials there is health, and nothing else", async () => {
  const nobody = new Agent({ ca: tls.authority });
  assert.equal((await ask("GET", "/readyz", undefined, { agent: nobody })).body, "ok");
  const refused = await ask("GET", maps, undefined, { agent: nobody });
  assert.equal(refused.status, 401);
  assert.match(refused.body, /"reason":"Unauthorized"/);
  const token = { authorization: "Bearer nonsense" };
  assert.equal((await ask("GET", maps, undefined, { agent: nobody, headers: token })).status, 401);
  nobody.destroy();
});

test("a body beyond the limit is refused before it is read", async () => {
  const headers = { "content-type": "application/json", "content-length": String(maxBodyBytes * 100) };
  const asking = request({
    host: "127.0.0.1",
    port: listener.port,
    path: maps,
    method: "POST",
    headers,
    agent,
  });
  asking.on("error", () => {});
  asking.flushHeaders();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 413);
  asking.destroy();
});

test("a large list arrives whole", async () => {
  const large = "x".repeat(200_000);
  for (let index = 0; index < 20; index++) {
    await ask("POST", maps, configMapNamed(`large-${index}`, { large }));
  }
  const { body } = await ask("GET", maps);
  const names = (JSON.parse(body) as { items: { metadata: { name: string } }[] }).items;
  assert.equal(names.filter((item) => item.metadata.name.startsWith("large-")).length, 20);
  await ask("DELETE", maps);
});

test("HTTP/2 speaks the same, many requests on one connection", async () => {
  const session = connectHttp2(`https://127.0.0.1:${listener.port}`, trusted);
  const get = async (path: string) => {
    const stream = session.request({ ":path": path });
    const [headers] = (await once(stream, "response")) as [Record<string, number>];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { status: headers[":status"], body: Buffer.concat(chunks).toString("utf8") };
  };
  const answers = await Promise.all([get("/version"), get(maps), get("/nothing"), get("/readyz")]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 404, 200],
  );
  assert.match(answers[0]?.body ?? "", /"gitVersion":"v1\.36/);
  const watch = session.request({ ":path": `${maps}?watch=1&resourceVersion=${cluster.store.revision}` });
  await once(watch, "response");
  await ask("POST", maps, configMapNamed("seen"));
  const [chunk] = (await once(watch, "data")) as [Buffer];
  assert.match(chunk.toString("utf8"), /^\{"type":"ADDED".*"name":"seen"/);
  watch.close();
  session.close();
});

test("a body comes with its head, after it, or in pieces, and the next request is answered as well", async () => {
  const socket = connectTls({ host: "127.0.0.1", port: listener.port, ...trusted });
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const created = () => text.split("HTTP/1.1 201 Created").length - 1;
  const post = (name: string): [head: string, body: string] => {
    const body = JSON.stringify(configMapNamed(name, { text: "ü".repeat(100) }));
    const type = "host: x\r\ncontent-type: application/json\r\n";
    return [`POST ${maps} HTTP/1.1\r\n${type}content-length: ${Buffer.byteLength(body)}\r\n\r\n`, body];
  };
  const [together, after, pieces] = [post("together"), post("after"), post("in-pieces")];
  const parts = [
    [together.join("")],
    after,
    [pieces[0] + pieces[1].slice(0, 9), pieces[1].slice(9, 99), pieces[1].slice(99)],
    // Two at a time: the second head waits behind the first body.
    [post("first").join("") + post("second").join("")],
  ];
  let wanted = 0;
  for (const writes of parts) {
    wanted += writes.join("").split("POST ").length - 1;
    for (const write of writes) await new Promise((resolve) => socket.write(write, resolve));
    while (created() < wanted) await once(socket, "data");
  }
  socket.destroy();
});

test("garbage on the line closes the line, and nothing else", async () => {
  const socket = connectTls({
    host: "127.0.0.1",
    port: listener.port,
    ...trusted,
    ALPNProtocols: ["http/1.1"],
  });
  await once(socket, "secureConnect");
  socket.on("error", () => {});
  socket.end("\u0000\u0001 garbage\r\n\r\n");
  socket.resume();
  await once(socket, "close");
  assert.equal((await ask("GET", "/readyz")).status, 200);
});

test("a closing server ends watches properly and takes no more requests", async () => {
  const other = await servedCluster();
  const path = `${maps}?watch=1&resourceVersion=${other.store.revision}`;
  const { authority, certificate, key } = other.tls;
  const watching = request({
    host: "127.0.0.1",
    port: other.listener.port,
    path,
    ca: authority,
    cert: certificate,
    key,
  });
  watching.end();
  const [response] = (await once(watching, "response")) as [IncomingMessage];
  response.resume();
  const ended = once(response, "end");
  await other.close();
  await ended;
  assert.equal(response.complete, true);
});

test("a closing server cuts conversations, and does not wait for those who only connected", async () => {
  const other = await servedCluster({
    security: () => ({
      streams: [
        {
          handles: ({ path }) => path === "/talk",
          async upgrade(_request, socket) {
            socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: talk\r\n\r\n");
          },
        },
      ],
    }),
  });
  const { port } = other.listener;
  const mute = connectTcp({ host: "127.0.0.1", port });
  mute.on("error", () => {});
  await once(mute, "connect");
  const { authority: ca, certificate: cert, key } = other.tls;
  const headers = { connection: "Upgrade", upgrade: "talk" };
  const talking = request({ host: "127.0.0.1", port, path: "/talk", ca, cert, key, headers });
  talking.end();
  const [, socket] = (await once(talking, "upgrade")) as [IncomingMessage, Duplex];
  const cut = once(socket, "close");
  socket.on("error", () => {});
  socket.resume();
  await other.close();
  await cut;
});

interface Options {
  readonly agent?: Agent;
  readonly headers?: Record<string, string>;
}

async function ask(
  method: string,
  path: string,
  body?: object,
  { agent: chosen = agent, headers = {} }: Options = {},
): Promise<{ status: number | undefined; body: string }> {
  const asking = request({
    host: "127.0.0.1",
    port: listener.port,
    path,
    method,
    agent: chosen,
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
  });
  asking.end(body ? JSON.stringify(body) : undefined);
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString("utf8") };
}

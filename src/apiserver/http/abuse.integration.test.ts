import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { servedCluster } from "#testing";
import { maxWritesInFlight } from "../limits.ts";

const cluster = await servedCluster();
after(() => cluster.close());

const post = "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\n";

async function open(): Promise<TLSSocket> {
  const { authority, certificate, key } = cluster.tls;
  const { port } = cluster.listener;
  const socket = connect({ host: "127.0.0.1", port, ca: authority, cert: certificate, key });
  await once(socket, "secureConnect");
  return socket;
}

test("clients that never finish their bodies leave the others their places", async () => {
  const slow = await Promise.all(Array.from({ length: maxWritesInFlight + 1 }, open));
  for (const socket of slow) socket.write(`${post}Content-Length: 100\r\n\r\n{`);
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "prompt" } };
  const body = JSON.stringify(object);
  const prompt = await open();
  prompt.write(`${post}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const [answer] = await once(prompt, "data");
  assert.match(String(answer), /^HTTP\/1.1 201 /);
  for (const socket of [...slow, prompt]) socket.destroy();
});

test("what is no HTTP is told so", async () => {
  for (const [request, status] of [
    ["NONSENSE\r\n\r\n", 400],
    [`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${"y".repeat(50_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = await open();
    socket.on("error", () => {});
    socket.write(request);
    const [answer] = await once(socket, "data");
    assert.match(String(answer), new RegExp(`^HTTP/1.1 ${status} `));
    socket.destroy();
  }
});

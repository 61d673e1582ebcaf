import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { fixedRegistry } from "../discovery/mod.ts";
import { Balancer } from "./balancer.ts";
import { router } from "./router.ts";

async function listening(context: TestContext, answer: RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function routed(context: TestContext, urls: readonly string[]): Promise<string> {
  const registry = fixedRegistry({ named: urls.map((url) => ({ id: url, url })) });
  const balancer = new Balancer({ registry, service: "named" });
  return listening(context, router({ balancerOf: ({ url }) => (url === "/none" ? undefined : balancer) }));
}

const named =
  (name: string): RequestListener =>
  (request, response) => {
    response.writeHead(201, { "x-name": name, connection: "keep-alive, x-secret", "x-secret": "hop" });
    request.pipe(response);
  };

test("requests go round with their bodies, and answers come back with status and headers, but for those of a connection", async (context) => {
  const url = await routed(context, [
    await listening(context, named("a")),
    await listening(context, named("b")),
  ]);
  const names: (string | null)[] = [];
  for (const body of ["1", "2".repeat(300_000), "3", "4"]) {
    const answer = await fetch(`${url}/x`, { method: "POST", body });
    assert.deepEqual([answer.status, answer.headers.get("x-secret")], [201, null]);
    assert.equal(await answer.text(), body);
    names.push(answer.headers.get("x-name"));
  }
  assert.deepEqual(names.toSorted(), ["a", "a", "b", "b"]);
});

test("an instance that cannot be reached costs no request, not even one that must not be done twice", async (context) => {
  const url = await routed(context, ["http://127.0.0.1:1", await listening(context, named("b"))]);
  for (let request = 0; request < 4; request += 1) {
    const answer = await fetch(url, { method: "POST", body: "order" });
    assert.deepEqual([answer.headers.get("x-name"), await answer.text()], ["b", "order"]);
  }
});

test("a body without a length stays a body, whatever the method: it is never the next request", async (context) => {
  const asked: string[] = [];
  const url = await routed(context, [
    await listening(context, (request, response) => {
      asked.push(request.url ?? "");
      request.pipe(response);
    }),
  ]);
  const smuggled = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
  const request = http.request(`${url}/open`, { method: "GET", headers: { "transfer-encoding": "chunked" } });
  request.end(smuggled);
  const [answer] = await once(request, "response");
  assert.deepEqual([await text(answer), asked], [smuggled, ["/open"]]);
});

test("nobody there is 503, nobody's address 404, and an instance that breaks off 502, as problem documents", async (context) => {
  const broken = await listening(context, (request) => request.socket.destroy());
  const statusOf = async (url: string) => {
    const answer = await fetch(url);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    return answer.status;
  };
  assert.equal(await statusOf(await routed(context, [])), 503);
  assert.equal(await statusOf(await routed(context, ["http://127.0.0.1:1"])), 503);
  assert.equal(await statusOf(`${await routed(context, [broken])}/none`), 404);
  assert.equal(await statusOf(await routed(context, [broken])), 502);
});

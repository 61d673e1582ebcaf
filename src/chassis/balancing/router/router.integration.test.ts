import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingHttpHeaders, type RequestListener } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { seededRandom } from "#base";
import { VirtualClock } from "#testing";
import { fixedRegistry } from "../../discovery/mod.ts";
import { Registry } from "../../telemetry/registry.ts";
import { Tracer } from "../../telemetry/tracer.ts";
import { Balancer } from "../balancer.ts";
import type { Candidate } from "../strategy.ts";
import { listening, routed } from "./testing/routed.ts";

const named =
  (name: string): RequestListener =>
  (request, response) => {
    response.writeHead(201, { "x-name": name, connection: "keep-alive, x-secret", "x-secret": "hop" });
    request.pipe(response);
  };

test("requests go round with their bodies, and answers come back with status and headers, but for those of a connection", async (context) => {
  const { url } = await routed(context, [
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

test("nobody there is 503, nobody's address 404, and an instance that breaks off 502, as problem documents", async (context) => {
  const broken = await listening(context, (request) => request.socket.destroy());
  const statusOf = async (url: string) => {
    const answer = await fetch(url);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    return answer.status;
  };
  assert.equal(await statusOf((await routed(context, [])).url), 503);
  assert.equal(await statusOf((await routed(context, ["http://127.0.0.1:1"])).url), 503);
  assert.equal(await statusOf(`${(await routed(context, [broken])).url}/none`), 404);
  assert.equal(await statusOf((await routed(context, [broken])).url), 502);
});

test("an instance that cannot be reached costs no request, not even one that must not be done twice", async (context) => {
  const { url } = await routed(context, ["http://127.0.0.1:1", await listening(context, named("b"))]);
  for (let request = 0; request < 4; request += 1) {
    const answer = await fetch(url, { method: "POST", body: "order" });
    assert.deepEqual([answer.headers.get("x-name"), await answer.text()], ["b", "order"]);
  }
});

test("what does no more when it comes twice is sent again, whole, when an instance is lost; nothing else is", async (context) => {
  const asked: string[] = [];
  const losing: RequestListener = (request) => {
    asked.push(`lost ${request.method}`);
    // It is lost when it has read the whole of the request.
    request.resume().once("end", () => request.socket.destroy());
  };
  const { url } = await routed(context, [
    await listening(context, losing),
    await listening(context, named("b")),
  ]);
  const outcomes: unknown[] = [];
  const large = "x".repeat(100_000);
  for (const init of [
    { method: "GET" },
    { method: "PUT", body: "small" },
    { method: "PUT", body: large },
    { method: "POST", body: "order" },
    { method: "POST", body: "order", headers: { "idempotency-key": "7" } },
  ]) {
    // Twice, for it is the other's turn each second time.
    const answers = [await fetch(url, init), await fetch(url, init)];
    outcomes.push(answers.map(({ status }) => status).toSorted());
    for (const answer of answers) if (answer.ok) assert.equal(await answer.text(), init.body ?? "");
  }
  assert.deepEqual(outcomes, [
    [201, 201],
    [201, 201],
    [201, 502],
    [201, 502],
    [201, 201],
  ]);
  assert.ok(asked.length >= 5, `lost ${asked.length} times`);
});

test("half an answer is cut off: nobody takes it for a whole one", async (context) => {
  const dying: RequestListener = (request, response) => {
    response.write("half of ");
    response.write("it", () => request.socket.destroy());
  };
  const { url } = await routed(context, [await listening(context, dying)]);
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text());
});

test("an instance that does not answer is 504, one that stops amid its answer is cut off, and a caller's deadline goes along", async (context) => {
  const remaining: unknown[] = [];
  const silent: RequestListener = (request, response) => {
    remaining.push(Number(request.headers["x-remaining-ms"]));
    if (request.url === "/half") response.write("half");
  };
  const instance = await listening(context, silent);
  const { url } = await routed(context, [instance], { answerMs: 50, idleMs: 50 });
  assert.equal((await fetch(url)).status, 504);
  await assert.rejects(fetch(`${url}/half`).then((answer) => answer.text()));
  const patient = await routed(context, [instance]);
  assert.equal((await fetch(patient.url, { headers: { "x-remaining-ms": "60" } })).status, 504);
  assert.ok(Number(remaining.at(-1)) <= 60, `${remaining.at(-1)} ms are left`);
});

test("a caller that leaves no time is told so, nobody is asked, and nothing is held against the instance", async (context) => {
  const asked: string[] = [];
  const instance = await listening(context, (_, response) => {
    asked.push("asked");
    response.end();
  });
  const metrics = new Registry();
  const { url } = await routed(context, [instance], { metrics });
  assert.equal((await fetch(url, { headers: { "x-remaining-ms": "0" } })).status, 504);
  assert.deepEqual([asked, outcomes(metrics)], [[], []]);
});

test("a deadline that passes says nothing worse of an instance than that it takes longer", async (context) => {
  const clock = new VirtualClock();
  const asked = Promise.withResolvers<void>();
  const instance = await listening(context, (request, response) => {
    if (request.url === "/refused") response.writeHead(504).end();
    else request.once("end", asked.resolve).resume();
  });
  const seen: (number | undefined)[] = [];
  const balancer = new Balancer({
    registry: fixedRegistry({ named: [{ id: "a", url: instance }] }),
    service: "named",
    clock,
    strategy: () => (candidates) => {
      seen.push(candidates[0]?.latencyMs);
      return candidates[0] as Candidate;
    },
  });
  const { url } = await routed(context, [], { clock, balancerOf: () => balancer });
  const refused = await fetch(`${url}/refused`, { headers: { "x-remaining-ms": "20" } });
  const silent = fetch(`${url}/silent`, { headers: { "x-remaining-ms": "40" } });
  await asked.promise;
  await clock.advance(40);
  assert.deepEqual([refused.status, (await silent).status], [504, 504]);
  await fetch(`${url}/refused`, { headers: { "x-remaining-ms": "1" } });
  assert.deepEqual(seen, [undefined, 20, 40]);
});

test("what a request takes to arrive is no longer there for its answer", async (context) => {
  const clock = new VirtualClock();
  const [begun, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const silent: RequestListener = (request) => {
    request.once("data", () => begun.resolve()).once("end", () => asked.resolve());
  };
  const { url } = await routed(context, [await listening(context, silent)], { clock });
  const headers = { "x-remaining-ms": "1000", "content-length": 8 };
  const request = http.request(url, { method: "POST", headers });
  request.write("half");
  await begun.promise;
  await clock.advance(990);
  request.end("half");
  await asked.promise;
  const answered = once(request, "response");
  await clock.advance(10);
  assert.equal((await answered)[0].statusCode, 504);
});

test("a caller that does not send its request is told so, and nothing is held against the instance", async (context) => {
  const waiting: RequestListener = (request, response) => {
    request.resume().once("end", () => response.end());
  };
  const metrics = new Registry();
  const { url } = await routed(context, [await listening(context, waiting)], { idleMs: 50, metrics });
  const request = http.request(url, { method: "POST", headers: { "content-length": 10 } });
  request.write("half");
  const [answer] = await once(request, "response");
  assert.equal(answer.statusCode, 408);
  assert.deepEqual(outcomes(metrics), ["gone"]);
  request.on("error", () => {}).destroy();
});

test("an answer that comes before the request is whole is passed on, and the connection may go on", async (context) => {
  const refusing: RequestListener = (request, response) => {
    request.resume();
    response.writeHead(413).end("too large");
  };
  const { url } = await routed(context, [await listening(context, refusing)]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  context.after(() => agent.destroy());
  for (let time = 0; time < 2; time += 1) {
    const request = http.request(url, { agent, method: "POST", headers: { "content-length": 200_000 } });
    request.write("x".repeat(100_000));
    const [answer] = await once(request, "response");
    assert.deepEqual([answer.statusCode, await text(answer)], [413, "too large"]);
    request.end("x".repeat(100_000));
    await once(request, "close");
  }
});

test("more than can be taken on is refused, and nothing of it begun", async (context) => {
  const held = Promise.withResolvers<void>();
  const holding: RequestListener = async (_, response) => {
    await held.promise;
    response.end();
  };
  const { url } = await routed(context, [await listening(context, holding)], { maxInFlight: 1 });
  const first = fetch(url);
  let second = await fetch(url);
  while (second.status !== 503) second = await fetch(url);
  assert.match(await second.text(), /temporary-reduced-capacity/);
  held.resolve();
  assert.equal((await first).status, 200);
});

test("a trace goes on: the router's spans are between its caller's and the instance's", async (context) => {
  const told: IncomingHttpHeaders[] = [];
  const instance = await listening(context, (request, response) => {
    told.push(request.headers);
    response.end();
  });
  const clock = new VirtualClock();
  const tracer = new Tracer({
    clock,
    random: seededRandom(7),
    sampling: { ratio: 1, ofOthers: "beginner" },
    recording: true,
  });
  const metrics = new Registry();
  const { url, stop } = await routed(context, [instance], { tracer, metrics });
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  await fetch(url, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: "a=1" } });
  await fetch(url, { headers: { traceparent: "none", tracestate: "a=1" } });
  await stop();
  const spans = tracer.take(10);
  const [asking, answering] = [
    spans.find(({ kind }) => kind === "client"),
    spans.find(({ kind }) => kind === "server"),
  ];
  assert.equal(answering?.parent?.spanId, "00f067aa0ba902b7");
  assert.equal(asking?.parent?.spanId, answering?.context.spanId);
  const expected = `00-${traceId}-${asking?.context.spanId}-01`;
  assert.deepEqual([told[0]?.traceparent, told[0]?.tracestate], [expected, "a=1"]);
  assert.equal(told[1]?.tracestate, undefined, "what belongs to no trace is not handed on");
  assert.deepEqual(outcomes(metrics), ["answered"]);
});

test("a drain lets everybody be answered, on a last connection, and takes nobody on", async (context) => {
  const held = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const holding: RequestListener = async (_, response) => {
    arrived.resolve();
    await held.promise;
    response.end("answered");
  };
  const { url, stop } = await routed(context, [await listening(context, holding)]);
  const answering = fetch(url);
  await arrived.promise;
  const stopped = stop();
  await assert.rejects(fetch(url));
  held.resolve();
  const answer = await answering;
  assert.deepEqual([answer.headers.get("connection"), await answer.text()], ["close", "answered"]);
  await stopped;
});

/** How attempts went, each way once. */
function outcomes(metrics: Registry): (string | undefined)[] {
  const family = metrics.collect().find(({ name }) => name === "router_attempts_total");
  return family?.series.map(({ labels }) => labels.outcome) ?? [];
}

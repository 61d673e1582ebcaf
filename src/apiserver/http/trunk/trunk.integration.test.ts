import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { connect } from "node:tls";
import {
  answerHeadText,
  contentsOf,
  dataOf,
  frameStart,
  frameStartWithHead,
  HeadReader,
  maxTrunkBodyBytes,
  requestHeadText,
  requestNumber,
  trunkFrames,
  trunkProtocol,
} from "#api";
import { FrameDecoder, systemClock } from "#base";
import { servedCluster, VirtualClock } from "#testing";
import { maxReadsInFlight, uploadTimeoutMs } from "../../limits.ts";
import { configMapNamed } from "../../testing/ask.ts";

const clock = new VirtualClock(systemClock.now());
const cluster = await servedCluster({ secured: true, clock });
after(() => cluster.close());
const maps = "/api/v1/namespaces/default/configmaps";

/** What is known of an answer so far. */
interface Heard {
  status: number;
  text: string;
  /** Frames of data. */
  pieces: number;
  isWhole: boolean;
}

/** The client's side of a trunk, by hand. */
async function openTrunk(to = cluster, who: "admin" | "nobody" = "admin") {
  const { authority, certificate, key } = to.tls;
  const socket = connect({
    host: "127.0.0.1",
    port: to.listener.port,
    ca: authority,
    ...(who === "admin" ? { cert: certificate, key } : {}),
    ALPNProtocols: [trunkProtocol, "http/1.1"],
  });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  assert.equal(socket.alpnProtocol, trunkProtocol);
  const heard = new Map<number, Heard>();
  const goodbyes: number[] = [];
  const decoder = new FrameDecoder(64 * 1024 * 1024);
  const heads = new HeadReader();
  let changed = Promise.withResolvers<void>();
  socket.on("data", (bytes: Buffer) => {
    for (const frame of decoder.push(bytes)) {
      const number = requestNumber(frame);
      const type = frame.channel;
      const known = heard.get(number);
      if (type === trunkFrames.goodbye) goodbyes.push(number);
      else if (type === trunkFrames.data && known) {
        known.text += Buffer.from(dataOf(frame)).toString();
        known.pieces += 1;
      } else if (type === trunkFrames.end && known) known.isWhole = true;
      else {
        const { head, body } = contentsOf(frame);
        const { status } = heads.answer(head);
        const text = Buffer.from(body).toString();
        heard.set(number, { status, text, pieces: 0, isWhole: type === trunkFrames.answer });
      }
    }
    changed.resolve();
    changed = Promise.withResolvers();
  });
  socket.on("close", () => changed.resolve());
  let last = 0;
  const until = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) {
      assert.ok(!socket.destroyed, "the connection stands");
      await changed.promise;
    }
  };
  return {
    socket,
    heard,
    goodbyes,
    until,
    /** A request as bytes, with the number of its answer. */
    request(line: string, body?: object, headers: Record<string, string> = {}): [number, Buffer] {
      const [method = "", path = ""] = line.split(" ");
      const bytes = body ? Buffer.from(JSON.stringify(body)) : Buffer.alloc(0);
      const head = requestHeadText({ method, path, headers: { accept: "application/json", ...headers } });
      last += 1;
      return [
        last,
        Buffer.concat([frameStartWithHead(trunkFrames.request, last, head, bytes.length), bytes]),
      ];
    },
    async ask(line: string, body?: object, headers?: Record<string, string>): Promise<Heard> {
      const [number, bytes] = this.request(line, body, headers);
      socket.write(bytes);
      await until(() => heard.get(number)?.isWhole === true);
      return heard.get(number) as Heard;
    },
  };
}

const names = (text: string) =>
  (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map(
    ({ metadata }) => metadata.name,
  );

test("many requests in one piece are each answered, as who showed the certificate", async () => {
  const trunk = await openTrunk();
  const asked = Array.from({ length: 100 }, (_, at) =>
    trunk.request(`POST ${maps}`, configMapNamed(`side-by-side-${at}`), {
      "content-type": "application/json",
    }),
  );
  trunk.socket.write(Buffer.concat(asked.map(([, bytes]) => bytes)));
  for (const [number] of asked) {
    await trunk.until(() => trunk.heard.get(number)?.isWhole === true);
    assert.equal(trunk.heard.get(number)?.status, 201);
  }
  const review = await trunk.ask("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", {});
  assert.match(review.text, /"username":"kubernetes-admin"/);
  await trunk.ask(`DELETE ${maps}`);
  trunk.socket.destroy();
});

test("each request is authenticated and authorized by itself", async () => {
  const nobody = await openTrunk(cluster, "nobody");
  assert.equal((await nobody.ask("GET /readyz")).text, "ok");
  assert.equal((await nobody.ask(`GET ${maps}`)).status, 401);
  const token = { authorization: "Bearer nonsense" };
  assert.equal((await nobody.ask(`GET ${maps}`, undefined, token)).status, 401);
  const account = "/api/v1/namespaces/default/serviceaccounts/default";
  const admin = await openTrunk();
  await admin.ask("POST /api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const issued = JSON.parse((await admin.ask(`POST ${account}/token`, request)).text);
  const bearer = { authorization: `Bearer ${issued.status.token}` };
  const itself = await nobody.ask("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", {}, bearer);
  assert.match(itself.text, /"username":"system:serviceaccount:default:default"/);
  assert.equal((await nobody.ask(`GET ${maps}`, undefined, bearer)).status, 403);
  for (const { socket } of [nobody, admin]) socket.destroy();
});

test("a watch tells of a burst in few pieces, and ends when it is called off", async () => {
  const trunk = await openTrunk();
  const [watch, bytes] = trunk.request(`GET ${maps}?watch=true&resourceVersion=${cluster.store.revision}`);
  trunk.socket.write(bytes);
  await trunk.until(() => trunk.heard.has(watch));
  const heard = trunk.heard.get(watch) as Heard;
  const burst = Array.from({ length: 20 }, (_, at) =>
    cluster.client.raw("POST", maps, configMapNamed(`burst-${at}`)),
  );
  await Promise.all(burst);
  const events = () => heard.text.split("\n").filter((line) => line.includes('"type":"ADDED"'));
  await trunk.until(() => events().length >= 20);
  assert.ok(heard.pieces < 20, `${heard.pieces} pieces`);
  trunk.socket.write(frameStart(trunkFrames.cancel, watch));
  await trunk.ask("GET /version");
  await cluster.client.raw("POST", maps, configMapNamed("unseen"));
  await trunk.ask("GET /version");
  assert.doesNotMatch(heard.text, /"name":"unseen"/);
  await trunk.ask(`DELETE ${maps}`);
  trunk.socket.destroy();
});

test("a large answer waits for its reader, and lets others pass", async () => {
  const large = "x".repeat(250_000);
  for (let at = 0; at < 20; at += 1) {
    await cluster.client.raw("POST", maps, configMapNamed(`large-${at}`, { large }));
  }
  const trunk = await openTrunk();
  const [list, bytes] = trunk.request(`GET ${maps}`);
  trunk.socket.write(Buffer.concat([bytes, frameStart(trunkFrames.hold, list)]));
  await trunk.until(() => trunk.heard.has(list));
  const heard = trunk.heard.get(list) as Heard;
  assert.equal((await trunk.ask("GET /readyz")).text, "ok");
  assert.equal(heard.isWhole, false);
  trunk.socket.write(frameStart(trunkFrames.release, list));
  await trunk.until(() => heard.isWhole);
  assert.equal(names(heard.text).filter((name) => name.startsWith("large-")).length, 20);
  const [again, request] = trunk.request(`GET ${maps}`);
  trunk.socket.write(Buffer.concat([request, frameStart(trunkFrames.hold, again)]));
  await trunk.until(() => trunk.heard.has(again));
  trunk.socket.write(frameStart(trunkFrames.cancel, again));
  assert.equal((await trunk.ask("GET /readyz")).text, "ok");
  assert.equal(trunk.heard.get(again)?.isWhole, false);
  await trunk.ask(`DELETE ${maps}`);
  trunk.socket.destroy();
});

test("a thousand requests at once are answered, or told to come again", async () => {
  const trunk = await openTrunk();
  const asked = Array.from({ length: 1_000 }, () => trunk.request(`GET ${maps}?limit=1`));
  trunk.socket.write(Buffer.concat(asked.map(([, bytes]) => bytes)));
  await trunk.until(() => trunk.heard.size === asked.length);
  const statuses = [...trunk.heard.values()].map(({ status }) => status);
  assert.ok(statuses.every((status) => status === 200 || status === 429));
  assert.ok(statuses.filter((status) => status === 200).length >= maxReadsInFlight);
  trunk.socket.destroy();
});

test("a client that takes no answers is not asked what else it wants", async () => {
  await cluster.client.raw("POST", maps, configMapNamed("medium", { text: "x".repeat(60_000) }));
  const trunk = await openTrunk();
  const other = await openTrunk();
  trunk.socket.pause();
  let accepted = 0;
  // Far more answers than all buffers between them hold; its requests are few bytes, and end up lying unread as well.
  for (let at = 0; at < 2_000 && trunk.socket.writableLength < 256 * 1024; at += 1) {
    const batch = Array.from({ length: 100 }, () => trunk.request(`GET ${maps}/medium`)[1]);
    trunk.socket.write(Buffer.concat(batch));
    await other.ask("GET /readyz");
    accepted = at;
  }
  assert.ok(accepted < 1_999, "the server has stopped to read");
  for (const { socket } of [trunk, other]) socket.destroy();
});

test("conversations are sent away to a connection of their own", async () => {
  const trunk = await openTrunk();
  const answer = await trunk.ask("GET /api/v1/namespaces/default/pods/web/log");
  assert.equal(answer.status, 421);
  assert.match(answer.text, /over HTTP\/1\.1/);
  trunk.socket.destroy();
});

test("what breaks the rules of a trunk ends it, and nothing else", async () => {
  const other = await openTrunk();
  const head = (text: string) => frameStartWithHead(trunkFrames.request, 1, text, 0);
  const version = head("GET /version\n{}");
  const wrongs: readonly [what: string, bytes: Uint8Array][] = [
    ["HTTP", Buffer.from("GET /version HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["an unknown type", frameStart(77, 1)],
    ["a frame of the server", frameStartWithHead(trunkFrames.answer, 1, answerHeadText(ok), 0)],
    ["no request", Uint8Array.of(trunkFrames.cancel, 0, 0, 0, 2, 0, 1)],
    ["a head that is cut short", Uint8Array.of(trunkFrames.request, 0, 0, 0, 6, 0, 0, 0, 1, 9, 9)],
    ["a head that is none", head("what?")],
    ["two lines in a header", head('GET /version\n{"accept":"a\\r\\nb"}')],
    ["the same number twice", Buffer.concat([version, version])],
    ["a body beyond the limit", frameStart(trunkFrames.request, 1, maxTrunkBodyBytes * 2)],
  ];
  for (const [what, bytes] of wrongs) {
    const { socket } = await openTrunk();
    socket.write(bytes);
    if (!socket.destroyed) await once(socket, "close");
    assert.equal((await other.ask("GET /readyz")).text, "ok", what);
  }
  other.socket.destroy();
});

test("half a frame is not waited for without end, a busy client's next one is", async () => {
  const [slow, busy] = [await openTrunk(), await openTrunk()];
  const [, bytes] = slow.request("GET /readyz");
  slow.socket.write(bytes.subarray(0, 12));
  for (let at = 0; at < 3; at += 1) {
    // The end of one request and the beginning of the next.
    const [number, request] = busy.request("GET /readyz");
    const [, next] = busy.request("GET /readyz");
    busy.socket.write(Buffer.concat([request, next.subarray(0, 5)]));
    await busy.until(() => busy.heard.has(number));
    if (at === 2 && !slow.socket.destroyed) await once(slow.socket, "close");
    await clock.advance(uploadTimeoutMs * 0.7);
    busy.socket.write(next.subarray(5));
    await busy.until(() => busy.heard.has(number + 1));
  }
  busy.socket.destroy();
});

test("a closing server says what it has looked at, ends watches, and goes", async () => {
  const other = await servedCluster();
  const trunk = await openTrunk(other);
  await trunk.ask("GET /version");
  const [watch, bytes] = trunk.request(`GET ${maps}?watch=true&resourceVersion=${other.store.revision}`);
  trunk.socket.write(bytes);
  await trunk.until(() => trunk.heard.has(watch));
  const closed = once(trunk.socket, "close");
  await other.close();
  await closed;
  assert.deepEqual(trunk.goodbyes, [watch]);
  assert.equal(trunk.heard.get(watch)?.isWhole, true);
});

const ok = { status: 200, headers: {} };

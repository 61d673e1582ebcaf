import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import {
  type ApiRequest,
  type ApiResponse,
  answerHeadText,
  contentsOf,
  frameStart,
  frameStartWithHead,
  HeadReader,
  maxTrunkBodyBytes,
  requestNumber,
  trunkFrames,
  trunkProtocol,
} from "#api";
import { FrameDecoder } from "#base";
import { NeverSent } from "../never-sent.ts";
import { Trunk } from "./trunk.ts";

/** What the server is told, and with what it answers by hand. */
interface Told {
  readonly type: number;
  readonly number: number;
  readonly path: string;
  readonly body: string;
  readonly socket: Socket;
  answer(text: string, status?: number): void;
  send(type: number, text?: string): void;
}

interface Setting {
  readonly protocol?: string;
  /** Before the connection stands. */
  readonly greeting?: Promise<unknown>;
}

/** A server of a test, and a trunk to it (without TLS). */
async function setUp(t: TestContext, onFrame: (told: Told) => void, setting: Setting = {}) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    const decoder = new FrameDecoder(1024 * 1024);
    const heads = new HeadReader();
    socket.on("data", (bytes: Buffer) => {
      for (const frame of decoder.push(bytes)) {
        const isRequest = frame.channel === trunkFrames.request;
        const { head, body } = isRequest ? contentsOf(frame) : { head: "", body: Buffer.alloc(0) };
        const number = requestNumber(frame);
        const write = (start: Uint8Array, text: string) =>
          socket.write(Buffer.concat([start, Buffer.from(text)]));
        onFrame({
          type: frame.channel,
          number,
          path: isRequest ? heads.request(head).path : "",
          body: Buffer.from(body).toString(),
          socket,
          answer: (text, status = 200) =>
            write(headed(trunkFrames.answer, number, status, text.length), text),
          send: (type, text = "") =>
            type === trunkFrames.begin
              ? write(headed(type, number, 200, 0), "")
              : write(frameStart(type, number, text.length), text),
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const otherwise: string[] = [];
  const trunk = new Trunk({
    dial() {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", async () => {
        await setting.greeting;
        Object.assign(socket, { alpnProtocol: setting.protocol ?? trunkProtocol });
        socket.emit("secureConnect");
      });
      return socket as TLSSocket;
    },
    async otherwise({ path }) {
      otherwise.push(path);
      return { status: 200, headers: {}, body: bodyWith("by HTTP") };
    },
  });
  t.after(() => {
    trunk.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { trunk, sockets, otherwise };
}

function headed(type: number, number: number, status: number, length: number): Uint8Array {
  const head = answerHeadText({ status, headers: { "content-type": "text/plain" } });
  return frameStartWithHead(type, number, head, length);
}

async function* bodyWith(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function get(path: string, more: Partial<ApiRequest> = {}): ApiRequest {
  return { method: "GET", path, headers: { accept: "text/plain" }, ...more };
}

async function bodyOf({ body }: ApiResponse): Promise<string> {
  let text = "";
  for await (const bytes of body) text += Buffer.from(bytes).toString();
  return text;
}

test("requests side by side share a connection, and are answered in any order", async (t) => {
  const told: Told[] = [];
  const { trunk, sockets } = await setUp(t, (one) => {
    if (told.push(one) === 3) for (const each of told.toReversed()) each.answer(`${each.path} ${each.body}`);
  });
  const asked = [get("/a"), get("/b", { method: "POST", body: Buffer.from("{}") }), get("/c")];
  const answers = await Promise.all(asked.map((one) => trunk.request(one)));
  assert.deepEqual(await Promise.all(answers.map(bodyOf)), ["/a ", "/b {}", "/c "]);
  assert.equal(answers[0]?.headers["content-type"], "text/plain");
  assert.equal(sockets.length, 1);
});

test("what is more than is good at a time waits its turn, unless it is aborted", async (t) => {
  const held: Told[] = [];
  let most = 0;
  const { trunk } = await setUp(t, (one) => {
    most = Math.max(most, held.push(one));
    if (held.length === 32) for (const each of held.splice(0)) each.answer(each.path);
  });
  const ended = new AbortController();
  const answers = Array.from({ length: 64 }, (_, at) => trunk.request(get(`/${at}`)).then(bodyOf));
  const aborted = trunk.request(get("/never", { signal: ended.signal }));
  ended.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  assert.deepEqual(
    await Promise.all(answers),
    answers.map((_, at) => `/${at}`),
  );
  assert.equal(most, 32);
});

test("an aborted request is called off, and its connection serves the others", async (t) => {
  const called = Promise.withResolvers<number>();
  const silent = Promise.withResolvers<Told>();
  const { trunk, sockets } = await setUp(t, (one) => {
    if (one.type === trunkFrames.cancel) called.resolve(one.number);
    else if (one.path === "/silent") silent.resolve(one);
    else one.answer("x");
  });
  const ended = new AbortController();
  const request = trunk.request(get("/silent", { signal: ended.signal }));
  const told = await silent.promise;
  ended.abort(new Error("enough"));
  await assert.rejects(request, /enough/);
  assert.equal(await called.promise, told.number);
  // Too late, and to nobody.
  told.answer("late");
  assert.equal(await bodyOf(await trunk.request(get("/"))), "x");
  assert.equal(sockets.length, 1);
});

test("an answer comes in pieces, and can be called off while it does", async (t) => {
  const called = Promise.withResolvers<void>();
  const { trunk } = await setUp(t, (one) => {
    if (one.type === trunkFrames.cancel) called.resolve();
    if (one.type !== trunkFrames.request) return;
    one.send(trunkFrames.begin);
    for (const text of ["one ", "two ", "three"]) one.send(trunkFrames.data, text);
    if (one.path === "/whole") one.send(trunkFrames.end);
  });
  assert.equal(await bodyOf(await trunk.request(get("/whole"))), "one two three");
  const ended = new AbortController();
  const { body } = await trunk.request(get("/endless", { signal: ended.signal }));
  await assert.rejects(async () => {
    for await (const _ of body) ended.abort(new Error("enough"));
  }, /enough/);
  await called.promise;
});

test("who reads an answer slowly has it wait, and no other", async (t) => {
  const piece = "x".repeat(600_000);
  const flow: number[] = [];
  const released = Promise.withResolvers<void>();
  const { trunk } = await setUp(t, (one) => {
    if (one.path === "/quick") one.answer("quick");
    else if (one.type === trunkFrames.request) {
      one.send(trunkFrames.begin);
      for (let at = 0; at < 2; at += 1) one.send(trunkFrames.data, piece);
    } else {
      flow.push(one.type);
      if (one.type !== trunkFrames.release) return;
      one.send(trunkFrames.end);
      released.resolve();
    }
  });
  const slow = await trunk.request(get("/slow"));
  // Answered after all of the slow one has arrived.
  while (flow.length === 0) assert.equal(await bodyOf(await trunk.request(get("/quick"))), "quick");
  assert.deepEqual(flow, [trunkFrames.hold]);
  const read = bodyOf(slow);
  await released.promise;
  assert.equal((await read).length, 2 * piece.length);
  assert.deepEqual(flow, [trunkFrames.hold, trunkFrames.release]);
});

test("a connection that breaks fails what is under way; the next request makes another", async (t) => {
  const { trunk, sockets } = await setUp(t, (one) => {
    if (one.path === "/break") one.socket.destroy();
    else if (one.path === "/begin") one.send(trunkFrames.begin);
    else one.answer("x");
  });
  const begun = await trunk.request(get("/begin"));
  await assert.rejects(trunk.request(get("/break")), /closed|ECONNRESET/);
  await assert.rejects(bodyOf(begun), /closed|ECONNRESET/);
  assert.equal(await bodyOf(await trunk.request(get("/"))), "x");
  assert.equal(sockets.length, 2);
});

test("a server that leaves answers what it has looked at; the rest was never sent", async (t) => {
  const { trunk, sockets } = await setUp(t, (one) => {
    if (one.path === "/again") one.answer("from another");
    if (one.path !== "/second") return;
    one.socket.write(frameStart(trunkFrames.goodbye, one.number - 1));
    one.socket.write(headed(trunkFrames.answer, one.number - 1, 200, 0));
    one.socket.end();
  });
  const [first, second] = await Promise.allSettled([
    trunk.request(get("/first")),
    trunk.request(get("/second")),
  ]);
  assert.equal(first.status, "fulfilled");
  assert.ok(second.status === "rejected" && second.reason instanceof NeverSent);
  assert.equal(await bodyOf(await trunk.request(get("/again"))), "from another");
  assert.equal(sockets.length, 2);
});

test("a server that knows no trunks is spoken to otherwise, from the first request on", async (t) => {
  const greeting = Promise.withResolvers<void>();
  const setting = { protocol: "http/1.1", greeting: greeting.promise };
  const { trunk, sockets, otherwise } = await setUp(t, () => assert.fail("nothing may be said"), setting);
  const ended = new AbortController();
  const aborted = trunk.request(get("/aborted", { signal: ended.signal }));
  const paths = Array.from({ length: 40 }, (_, at) => `/${at}`);
  const answers = paths.map((path) => trunk.request(get(path)).then(bodyOf));
  ended.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
  greeting.resolve();
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(["by HTTP"]));
  assert.equal(await bodyOf(await trunk.request(get("/later"))), "by HTTP");
  assert.deepEqual(otherwise.sort(), [...paths, "/later"].sort());
  assert.equal(sockets.length, 1);
});

test("what needs a connection of its own gets one", async (t) => {
  const { trunk, otherwise } = await setUp(t, (one) => one.answer("conversations are not for here", 421));
  const large = { method: "POST", body: Buffer.alloc(maxTrunkBodyBytes + 1) } as const;
  assert.equal(await bodyOf(await trunk.request(get("/conversation"))), "by HTTP");
  assert.equal(await bodyOf(await trunk.request(get("/large", large))), "by HTTP");
  assert.equal(await bodyOf(await trunk.request(get(`/${"long".repeat(4_000)}`))), "by HTTP");
  assert.equal(otherwise.length, 3);
});

test("a request that would be read as something else is refused, before and after the connection stands", async (t) => {
  const { trunk } = await setUp(t, (one) => one.answer("x"));
  for (let time = 0; time < 2; time += 1) {
    await assert.rejects(trunk.request(get("/a\nx: y")), /escape it/);
    await assert.rejects(trunk.request(get("/", { headers: { accept: "a\r\nb: c" } })), /more than a line/);
    assert.equal(await bodyOf(await trunk.request(get("/"))), "x");
  }
});

test("a server that is not there is said to be so", async () => {
  const trunk = new Trunk({
    dial: () => connect(1, "127.0.0.1") as TLSSocket,
    otherwise: () => assert.fail("nothing may be said"),
  });
  await assert.rejects(trunk.request(get("/")), { code: "ECONNREFUSED" });
});

test("what is no frame of a server breaks the connection", async (t) => {
  const { trunk, sockets } = await setUp(t, (one) => one.send(99));
  await assert.rejects(trunk.request(get("/")), /a frame of type 99/);
  const [socket] = sockets;
  if (socket && !socket.destroyed) await once(socket, "close");
});

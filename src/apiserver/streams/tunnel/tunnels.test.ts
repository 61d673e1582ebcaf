import assert from "node:assert/strict";
import { once } from "node:events";
import { performServerHandshake, type ServerHttp2Stream } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { type Clock, must, silentLogger, systemClock } from "#base";
import { Tunnels } from "./tunnels.ts";

type Answer = (stream: ServerHttp2Stream, path: string) => void;

/** A node on the other end of a real connection; returns its end. */
async function open(tunnels: Tunnels, answer: Answer, node = "n1"): Promise<Socket> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const theirs = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [ours] = (await once(server, "connection")) as [Socket];
  server.close();
  const session = performServerHandshake(theirs, { maxSessionMemory: 256 });
  session.on("error", () => {});
  session.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, headers[":path"] ?? "");
  });
  tunnels.accept(node, ours);
  return theirs;
}

const never = new AbortController().signal;
const ask = (tunnels: Tunnels, path: string, signal = never) =>
  tunnels.request("n1", { method: "GET", path, signal });

test("clients that stop reading hold back nobody else on their node", async () => {
  const tunnels = new Tunnels({ clock: systemClock, logger: silentLogger });
  const large = Buffer.alloc(2 * 1024 * 1024);
  await open(tunnels, (stream, path) => {
    stream.respond({ ":status": 200 });
    stream.end(path === "/large" ? large : "small");
  });
  const stalled = await Promise.all(Array.from({ length: 40 }, () => ask(tunnels, "/large")));
  assert.equal((await buffer(await ask(tunnels, "/small"))).toString(), "small");
  assert.equal((await buffer(must(stalled[0], "asked"))).length, large.length);
  tunnels.close();
});

test("what a node refuses with is what the client hears", async () => {
  const tunnels = new Tunnels({ clock: systemClock, logger: silentLogger });
  await open(tunnels, (stream, path) => {
    stream.respond({ ":status": path === "/plain" ? 500 : 409 });
    stream.end(
      path === "/plain" ? "boom" : '{"kind":"Status","reason":"Conflict","message":"busy","code":409}',
    );
  });
  await assert.rejects(ask(tunnels, "/status"), { reason: "Conflict", message: "busy" });
  await assert.rejects(ask(tunnels, "/plain"), {
    reason: "ServiceUnavailable",
    message: /n1 answered 500 and said: boom/,
  });
  tunnels.close();
});

test("without a tunnel the client waits a little, then hears what to do", async () => {
  let expire = () => {};
  const clock: Clock = {
    ...systemClock,
    setTimer(_delay, callback) {
      expire = callback;
      return { cancel: () => {} };
    },
  };
  const tunnels = new Tunnels({ clock, logger: silentLogger });
  const refused = assert.rejects(
    ask(tunnels, "/x"),
    /the agent of node n1 has no tunnel open; is it running\?/,
  );
  expire();
  await refused;
});

test("a client that has gone away ends its conversation on the node", async () => {
  const tunnels = new Tunnels({ clock: systemClock, logger: silentLogger });
  let heard: ServerHttp2Stream | undefined;
  await open(tunnels, (stream) => {
    stream.respond({ ":status": 200 });
    heard = stream;
  });
  const gone = new AbortController();
  await ask(tunnels, "/follow", gone.signal);
  const closed = once(must(heard, "the node was asked"), "close");
  gone.abort();
  await closed;
  await assert.rejects(ask(tunnels, "/again", gone.signal), { name: "AbortError" });
  tunnels.close();
});

test("a tunnel that breaks ends what runs on it, and the next request waits for the next tunnel", async () => {
  const tunnels = new Tunnels({ clock: systemClock, logger: silentLogger });
  const socket = await open(tunnels, (stream) => stream.respond({ ":status": 200 }));
  const running = await ask(tunnels, "/follow");
  const broken = assert.rejects(buffer(running), /the conversation with node n1 broke off/);
  socket.destroy();
  await broken;
  const next = ask(tunnels, "/next");
  await open(tunnels, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("again");
  });
  assert.equal((await buffer(await next)).toString(), "again");
  tunnels.close();
});

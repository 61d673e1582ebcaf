import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { frameStartWithHead, requestHeadText, trunkFrames } from "#api";
import { silentLogger, systemClock } from "#base";
import { trunkFramesPerTurn, watchBufferBytes } from "../../limits.ts";
import type { Parts } from "../../pipeline/parts.ts";
import { Trunk } from "./trunk.ts";

/** A trunk whose requests are only counted, and answered with an error, on a connection of which nobody reads. */
function setUp(t: TestContext) {
  const seen = { requests: 0 };
  const parts = {
    machinery: { clock: systemClock },
    logger: silentLogger,
    authenticator: {
      async authenticate() {
        seen.requests += 1;
        throw new Error("nobody is let in");
      },
    },
  } as unknown as Parts;
  // Nothing that is written is ever taken, until the test says so.
  const taken: (() => void)[] = [];
  const socket = new Duplex({ read() {}, write: (_bytes, _encoding, done) => void taken.push(done) });
  t.after(() => socket.destroy());
  new Trunk(parts, socket as TLSSocket);
  const takeAll = () => {
    for (const done of taken.splice(0)) done();
  };
  return { seen, socket, takeAll };
}

const head = requestHeadText({ method: "GET", path: "/version", headers: {} });
const requests = (count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, at) => frameStartWithHead(trunkFrames.request, at + 1, head, 0)),
  );
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

test("others have a turn between the requests of a busy client", async (t) => {
  const { seen, socket } = setUp(t);
  socket.emit("data", requests(trunkFramesPerTurn * 3));
  assert.equal(seen.requests, trunkFramesPerTurn);
  await turns(3);
  assert.equal(seen.requests, trunkFramesPerTurn * 3);
});

test("what a client still wanted when its connection broke is not begun", async (t) => {
  const { seen, socket } = setUp(t);
  socket.emit("data", requests(trunkFramesPerTurn * 3));
  socket.destroy();
  await turns(4);
  assert.equal(seen.requests, trunkFramesPerTurn);
});

test("what a client wants more waits while it takes no answers", async (t) => {
  const { seen, socket, takeAll } = setUp(t);
  socket.write(Buffer.alloc(watchBufferBytes + 1));
  socket.emit("data", requests(trunkFramesPerTurn * 2));
  await turns(4);
  assert.equal(seen.requests, 0);
  takeAll();
  await turns(4);
  assert.equal(seen.requests, trunkFramesPerTurn * 2);
});

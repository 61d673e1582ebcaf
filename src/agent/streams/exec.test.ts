import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { carrySession } from "./exec.ts";
import { exitStatus } from "./status.ts";

test("a client that goes away while its command begins takes it along", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const request = client.request({ ":path": "/exec/default/web/main" });
    request.on("error", () => {});
    const [stream] = (await once(server, "stream")) as [ServerHttp2Stream];
    stream.on("error", () => {});
    request.close();
    await once(stream, "close");
    const exited = Promise.withResolvers<number>();
    const session = {
      stdin: undefined,
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      resize: () => {},
      exited: exited.promise,
      kill: () => exited.resolve(137),
    };
    await carrySession(stream, session, { outcome: exitStatus });
    assert.equal(await exited.promise, 137);
    assert.ok(session.stdout.destroyed && session.stderr.destroyed, "nobody listens any more");
  } finally {
    client.destroy();
    server.close();
  }
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { Pool } from "pg";
import { database } from "./database.ts";

/** Messages of the protocol, each its type and, behind its length, its content. */
const message = (type: string, content: string | Buffer) => {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(4 + bytes.length);
  return Buffer.concat([Buffer.from(type), length, bytes]);
};
const opened = [message("R", Buffer.alloc(4)), message("Z", "I")];
const ended = message("E", "SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0");

test("connections that are ended with the words that open them end nothing else", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([...opened, ended])));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const pool = new Pool({ host: "127.0.0.1", port, user: "anybody", password: "anything" });
  t.after(() => pool.end());
  const view = database(pool);
  const replication = await view.replication();
  const session = await view.session();
  await assert.rejects(view.query("select 1"));
  await assert.rejects(replication.query("select 1"));
  await assert.rejects(session.query("select 1"));
});

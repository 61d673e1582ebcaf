import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

/**
 * The calibrator: what a server in plain Node does with the same bytes over the same TLS, when it thinks about nothing.
 *
 *   GET  /bytes/N   N bytes
 *   POST /durable   the body is committed to SQLite, together with all that arrived in the same turn; 201 and N bytes
 */
interface Settings {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly database: string;
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Settings;
const database = new DatabaseSync(settings.database);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (body BLOB)");
const insert = database.prepare("INSERT INTO log (body) VALUES (?)");

const bodies = new Map<number, Buffer>();
let waiting: { readonly body: Buffer; readonly answer: () => void }[] = [];

function bytes(size: number): Buffer {
  const known = bodies.get(size) ?? Buffer.alloc(size, "x");
  bodies.set(size, known);
  return known;
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": String(body.length) });
  response.end(body);
}

function serve(incoming: IncomingMessage, response: ServerResponse): void {
  const body = bytes(Number(incoming.url?.split("/")[2] ?? 0));
  if (incoming.method === "GET") {
    send(response, 200, body);
    return;
  }
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  incoming.on("end", () => {
    if (waiting.length === 0) setImmediate(commit);
    waiting.push({ body: Buffer.concat(parts), answer: () => send(response, 201, body) });
  });
}

function commit(): void {
  const group = waiting;
  waiting = [];
  database.exec("BEGIN");
  for (const { body } of group) insert.run(body);
  database.exec("COMMIT");
  for (const { answer } of group) answer();
}

const { certificate: cert, key, authority: ca } = settings;
const options = { cert, key, ca, requestCert: true, rejectUnauthorized: true, noDelay: true };
const http1 = createServer(options, serve);
const http2 = createSecureServer(options);
http2.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
  const body = bytes(Number(headers[":path"]?.split("/")[2] ?? 0));
  stream.respond({
    ":status": 200,
    "content-type": "application/json",
    "content-length": String(body.length),
  });
  stream.end(body);
});

const ports = [http1, http2].map(
  (server) =>
    new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    }),
);
process.stdout.write(`listening on ${(await Promise.all(ports)).join(" and ")}\n`);

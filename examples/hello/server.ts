import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server } from "node:net";
import { hostname } from "node:os";

/** Says hello, and drains: after SIGTERM it answers what comes until it is out of the Service, and ends with its last connection. */
const port = Number(process.env.PORT ?? 8080);
const greetingFile = process.env.GREETING_FILE ?? "/config/greeting";
const version = process.env.VERSION ?? "v1";
/** Longer than it takes every node to hear that this pod is leaving. */
const drainMs = 1_500;
let draining = false;

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  if (draining) response.setHeader("connection", "close");
  if (request.url === "/readyz") {
    response.writeHead(draining ? 503 : 200).end(draining ? "draining\n" : "ok\n");
    return;
  }
  if (request.url === "/livez") {
    response.writeHead(200).end("ok\n");
    return;
  }
  response.writeHead(200, { "content-type": "text/plain" });
  response.end(`${greeting()} from ${hostname()}, version ${version}\n`);
});

server.listen(port, () => console.log(`hello ${version} listens on port ${port}`));

process.on("SIGTERM", () => {
  console.log("draining");
  draining = true;
  setTimeout(() => {
    // An HTTP server's own `close` cuts idle connections off, and a request that is on its way with them. A plain server's lets
    // them end: with their next answer, or after the 5 s for which Node has told their clients that it keeps them.
    Server.prototype.close.call(server, () => process.exit(0));
  }, drainMs);
});

function greeting(): string {
  try {
    return readFileSync(greetingFile, "utf8").trim();
  } catch {
    return "Hello";
  }
}

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname } from "node:os";

/** Says hello, and drains: after SIGTERM it answers what comes until it is out of the Service, then ends. */
const port = Number(process.env.PORT ?? 8080);
const greetingFile = process.env.GREETING_FILE ?? "/config/greeting";
const version = process.env.VERSION ?? "v1";
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

/**
 * Longer than it takes every node to hear that this pod is leaving, and than Node keeps an idle connection. It tells its clients
 * for how long that is: a connection that ends by itself meets no request on its way, one that is cut off may.
 */
const drainMs = server.keepAliveTimeout + server.keepAliveTimeoutBuffer + 1_000;

server.listen(port, () => console.log(`hello ${version} listens on port ${port}`));

process.on("SIGTERM", () => {
  console.log("draining");
  draining = true;
  setTimeout(() => server.close(() => process.exit(0)), drainMs);
});

function greeting(): string {
  try {
    return readFileSync(greetingFile, "utf8").trim();
  } catch {
    return "Hello";
  }
}

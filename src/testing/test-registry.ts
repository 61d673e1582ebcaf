import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf, type TestImage } from "./test-image.ts";

export interface TestRegistryOptions {
  /** Asks for a bearer token, handed out for this user name and password. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** May change an answer: faults. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * A small OCI registry on a loopback port (distribution specification: pull, and push in one piece), in memory.
 * `host` is the registry's name in references: `127.0.0.1:PORT`.
 */
export class TestRegistry {
  readonly host: string;
  /** Paths that were asked for, in order, without `/v2/`. */
  readonly requests: string[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #blobs = new Map<string, Uint8Array>();
  /** `REPOSITORY:TAG` and `REPOSITORY@DIGEST`. */
  readonly #manifests = new Map<string, { bytes: Uint8Array; type: string }>();

  static async start(options: TestRegistryOptions = {}): Promise<TestRegistry> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TestRegistry(server, options);
  }

  private constructor(server: ReturnType<typeof createServer>, options: TestRegistryOptions) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      this.requests.push(`${request.method} ${(request.url ?? "").replace(/^\/v2\//, "")}`);
      if (options.intercept?.(request, response)) return;
      if (options.credentials && this.#challenge(request, response, options.credentials)) return;
      this.#route(request, response).catch(() => response.writeHead(500).end());
    });
  }

  /** Puts an image under a repository and tag; returns its reference. */
  add(repository: string, tag: string, image: TestImage): string {
    for (const [digest, bytes] of image.blobs) this.#blobs.set(digest, bytes);
    this.addManifest(repository, tag, image.manifest, "application/vnd.oci.image.manifest.v1+json");
    return `${this.host}/${repository}:${tag}`;
  }

  addManifest(repository: string, tag: string, bytes: Uint8Array, type: string): void {
    this.#manifests.set(`${repository}:${tag}`, { bytes, type });
    this.#manifests.set(`${repository}@${digestOf(bytes)}`, { bytes, type });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #challenge(
    request: IncomingMessage,
    response: ServerResponse,
    credentials: { username: string; password: string },
  ): boolean {
    const given = request.headers.authorization;
    const token = `token-of-${credentials.username}`;
    if (request.url?.startsWith("/token")) {
      const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
      if (given === `Basic ${basic}`) response.writeHead(200).end(JSON.stringify({ token }));
      else response.writeHead(401).end("{}");
      return true;
    }
    if (given === `Bearer ${token}`) return false;
    const realm = `Bearer realm="http://${this.host}/token",service="test",scope="repository:any:pull"`;
    response.writeHead(401, { "www-authenticate": realm }).end();
    return true;
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", `http://${this.host}`);
    if (url.pathname === "/v2/") return void response.writeHead(200).end("{}");
    const [, repository = "", kind, reference = ""] =
      /^\/v2\/(.+)\/(manifests|blobs|blobs\/uploads)\/([^/]*)$/.exec(url.pathname) ?? [];
    if (kind === "blobs/uploads" && request.method === "POST") {
      response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/one` }).end();
      return;
    }
    if (request.method === "PUT") {
      const bytes = await body(request);
      if (kind === "manifests") {
        this.addManifest(repository, reference, bytes, request.headers["content-type"] ?? "");
      } else this.#blobs.set(url.searchParams.get("digest") ?? digestOf(bytes), bytes);
      response.writeHead(201, { "docker-content-digest": digestOf(bytes) }).end();
      return;
    }
    const separator = reference.startsWith("sha256:") ? "@" : ":";
    const found =
      kind === "manifests"
        ? this.#manifests.get(`${repository}${separator}${reference}`)
        : { bytes: this.#blobs.get(reference), type: "application/octet-stream" };
    if (!found?.bytes) {
      response.writeHead(404).end('{"errors":[{"code":"NOT_FOUND"}]}');
      return;
    }
    const headers = { "content-type": found.type, "content-length": found.bytes.length };
    response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : found.bytes);
  }
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

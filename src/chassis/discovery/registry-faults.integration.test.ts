import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { balance } from "../balancing/balance.ts";
import { Balancer } from "../balancing/balancer.ts";
import { withstand } from "../calls/withstand.ts";
import { client } from "../http/client.ts";
import { get } from "../http/route.ts";
import { t } from "../http/schema.ts";
import type { Instance } from "./instance.ts";
import { serviceRegistry } from "./service-registry.ts";

const api = { who: get("/who", { answers: { 200: t.object({ name: t.string() }) } }) };

test("an instance that is killed is gone by the registry's own checks, and no call fails", async (context) => {
  const registry = await startProcess(context, "registry");
  const a = await startProcess(context, "instance", { ID: "a", REGISTRIES: registry.url });
  await startProcess(context, "instance", { ID: "b", REGISTRIES: registry.url });
  const known = new Known(context, registry.url);
  await known.becomes("a", "b");
  const call = caller(context, registry.url);
  await call();
  await a.end("SIGKILL");
  const gone = known.becomes("b");
  for (let calls = 0; calls < 20; calls += 1) assert.equal(await call(), "b");
  await gone;
});

test("an instance that is told to end takes itself out first", async (context) => {
  const registry = await startProcess(context, "registry");
  const a = await startProcess(context, "instance", {
    ID: "a",
    REGISTRIES: registry.url,
    DRAIN_DELAY: "60s",
  });
  const known = new Known(context, registry.url);
  await known.becomes("a");
  void a.end("SIGTERM");
  await known.becomes();
});

test("who was registered by somebody else is gone when that one no longer renews it", async (context) => {
  const registry = await startProcess(context, "registry");
  const other = await startProcess(context, "instance", { ID: "b", REGISTRIES: registry.url });
  const registrar = await startProcess(context, "instance", {
    ID: "legacy",
    REGISTRIES: registry.url,
    URL: other.url,
  });
  const known = new Known(context, registry.url);
  await known.becomes("b", "legacy");
  await registrar.end("SIGKILL");
  await known.becomes("b");
});

test("while a registry is gone its clients go on; once it is back it knows everybody, and never told of fewer", async (context) => {
  const first = await startProcess(context, "registry");
  const { port } = new URL(first.url);
  await startProcess(context, "instance", { ID: "a", REGISTRIES: first.url });
  await startProcess(context, "instance", { ID: "b", REGISTRIES: first.url });
  const known = new Known(context, first.url);
  await known.becomes("a", "b");
  const call = caller(context, first.url);
  await call();
  await first.end("SIGKILL");
  for (let calls = 0; calls < 20; calls += 1) await call();
  const before = known.lists.length;
  await startProcess(context, "registry", { PORT: port });
  await startProcess(context, "instance", { ID: "c", REGISTRIES: first.url });
  await known.becomes("a", "b", "c");
  for (const list of known.lists.slice(before)) assert.match(list, /^a,b/);
});

test("of two registries one may go: instances are known to both", async (context) => {
  const one = await startProcess(context, "registry");
  const other = await startProcess(context, "registry");
  const both = `${one.url},${other.url}`;
  await startProcess(context, "instance", { ID: "a", REGISTRIES: both });
  const known = new Known(context, [one.url, other.url]);
  await known.becomes("a");
  await one.end("SIGKILL");
  const b = await startProcess(context, "instance", { ID: "b", REGISTRIES: both });
  await known.becomes("a", "b");
  await b.end("SIGKILL");
  await known.becomes("a");
});

/** What a client is told of, from its beginning. */
class Known {
  readonly lists: string[] = [];
  #told = Promise.withResolvers<void>();

  constructor(context: TestContext, baseUrl: string | readonly string[]) {
    const watching = serviceRegistry({ baseUrl }).watch("named", (instances: readonly Instance[]) => {
      this.lists.push(String(instances.map(({ id }) => id).toSorted()));
      this.#told.resolve();
      this.#told = Promise.withResolvers();
    });
    context.after(() => watching.stop());
  }

  /** Resolves when it is of these that it was told last. */
  async becomes(...ids: string[]): Promise<void> {
    while (this.lists.at(-1) !== String(ids)) await this.#told.promise;
  }
}

function caller(context: TestContext, baseUrl: string): () => Promise<string> {
  const balancer = new Balancer({ registry: serviceRegistry({ baseUrl }), service: "named" });
  context.after(() => balancer.stop());
  const policy = withstand({ name: "named", route: balance(balancer) });
  const named = client(api, { baseUrl: "http://named", policy });
  return async () => (await named.who()).name;
}

/** A service in a process of its own. */
interface ServiceProcess {
  readonly url: string;
  /** Resolves when it is gone; with its exit code, if it had a say. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
}

/** Starts a program of testing/, on loopback; it is gone with the test. Resolves when it is open. */
async function startProcess(
  context: TestContext,
  program: "registry" | "instance",
  environment: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `testing/${program}.ts`)], {
    env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const end: ServiceProcess["end"] = async (signal) => {
    child.kill(signal);
    return (await exited)[0];
  };
  context.after(() => end("SIGKILL"));
  for await (const text of createInterface(child.stdout)) {
    const line = JSON.parse(text) as { message: string; url: string };
    if (line.message !== "open") continue;
    child.stdout.resume();
    return { url: line.url, end };
  }
  throw new Error(`${program} ended before it was open`);
}

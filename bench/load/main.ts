import { readFileSync } from "node:fs";
import { openHttp1 } from "./http1.ts";
import { getBlock, openHttp2 } from "./http2.ts";
import type { Load, LoadResult, Requests } from "./load.ts";
import { fakePod, restingPod } from "./pod.ts";

/** The load generator, a process of its own: reads a `Load`, prints a `LoadResult`. */
const load = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Load;
process.stdout.write(`${JSON.stringify(await run(load))}\n`);

async function run({
  endpoint,
  protocol,
  connections,
  requests,
  warmUpMs = 0,
  until,
}: Load): Promise<LoadResult> {
  const open = protocol === "h2" ? openHttp2 : openHttp1;
  const all = await Promise.all(Array.from({ length: connections }, () => open(endpoint)));
  const authority = `${endpoint.host}:${endpoint.port}`;
  const request = protocol === "h2" ? block(requests, authority) : http1Requests(requests, authority);
  const wanted = requests.type === "get" ? 200 : 201;

  let left = "count" in until ? until.count : Number.POSITIVE_INFINITY;
  let counted = 0;
  let answerBytes = 0;
  let began = performance.now();
  let ended = began;
  const next = () => (left-- > 0 ? request() : undefined);
  const onAnswer = (status: number, bodyBytes: number) => {
    if (status !== wanted) throw new Error(`${requests.path} was answered with ${status}, not ${wanted}`);
    if (left === Number.NEGATIVE_INFINITY) return;
    counted++;
    answerBytes = bodyBytes;
    ended = performance.now();
  };
  if ("durationMs" in until) {
    setTimeout(() => {
      counted = 0;
      began = performance.now();
    }, warmUpMs);
    setTimeout(() => {
      left = Number.NEGATIVE_INFINITY;
    }, warmUpMs + until.durationMs);
  }
  await Promise.all(all.map((connection) => connection.run(next, onAnswer)));
  for (const connection of all) connection.close();
  const seconds = (ended - began) / 1000;
  return { requests: counted, seconds, perSecond: counted / seconds, answerBytes };
}

/** Every request of a load as the bytes of HTTP/1.1. */
function http1Requests(requests: Requests, authority: string): () => Buffer {
  const head = (method: string) =>
    `${method} ${requests.path} HTTP/1.1\r\nhost: ${authority}\r\naccept: application/json\r\n`;
  if (requests.type === "get") {
    const bytes = Buffer.from(`${head("GET")}\r\n`);
    return () => bytes;
  }
  const placeholder = "@";
  const pod = requests.goTo === "fake-nodes" ? fakePod(placeholder) : restingPod(placeholder);
  const [before = "", after = ""] = JSON.stringify(pod).split(placeholder);
  let made = 0;
  return () => {
    const body = `${before}${requests.prefix}-${made++}${after}`;
    return Buffer.from(
      `${head("POST")}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  };
}

function block(requests: Requests, authority: string): () => Buffer {
  if (requests.type !== "get") throw new Error("over HTTP/2 the bench only reads");
  const bytes = getBlock(authority, requests.path);
  return () => bytes;
}

import type { KubernetesObject } from "#api";
import type { WatchEvent } from "./client.ts";
import type { Call, Exchange } from "./exchange.ts";
import { LineSplitter } from "./lines.ts";
import { errorFromStatus, type StatusBody } from "./status.ts";

/** The events of one watch request, as many at a time as one read brought. Throws what an ERROR event says. */
export async function* watchBatches<T extends KubernetesObject>(
  exchange: Exchange,
  call: Call,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  const response = await exchange.stream(call);
  const lines = new LineSplitter();
  for await (const chunk of response.body) {
    const batch = parse<T>(lines.push(chunk));
    if (batch.events.length > 0) yield batch.events;
    if (batch.failure) throw errorFromStatus(batch.failure, 500, `${call.method} ${call.path}`);
  }
}

interface Batch<T> {
  readonly events: WatchEvent<T>[];
  readonly failure: StatusBody | undefined;
}

function parse<T>(lines: readonly string[]): Batch<T> {
  const events: WatchEvent<T>[] = [];
  for (const line of lines) {
    const event = JSON.parse(line) as WatchEvent<T> | { type: "ERROR"; object: StatusBody };
    if (event.type === "ERROR") return { events, failure: event.object };
    events.push(event);
  }
  return { events, failure: undefined };
}

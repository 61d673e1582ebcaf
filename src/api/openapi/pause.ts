/**
 * Lets others have the event loop, between two pieces of a long computation: `() => setImmediate()` of
 * `node:timers/promises` in Node. The documents are large, and no turn of the API server's loop may be long.
 */
export type Pause = () => Promise<unknown>;

/** `for … of`, with a pause after every `pieces` items. */
export async function* paced<T>(items: Iterable<T>, pieces: number, pause: Pause): AsyncGenerator<T> {
  let done = 0;
  for (const item of items) {
    yield item;
    done += 1;
    if (done % pieces === 0) await pause();
  }
}

/**
 * Calls `act` `count` times, in batches of 1, 2, 4, …: when something refuses all (quota, admission), it is asked once and not
 * five hundred times. Stops after the batch in which a call failed. Returns how many succeeded, and the first failure.
 */
export async function slowStart(
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ readonly succeeded: number; readonly failure: unknown }> {
  let succeeded = 0;
  for (let size = 1, started = 0; started < count; size *= 2) {
    const batch = Math.min(size, count - started);
    const first = started;
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, at) => act(first + at)));
    started += batch;
    succeeded += results.filter((result) => result.status === "fulfilled").length;
    const failed = results.find((result) => result.status === "rejected");
    if (failed) return { succeeded, failure: failed.reason };
  }
  return { succeeded, failure: undefined };
}

/** Calls `act` for every item, at most `limit` at a time; throws the first failure when all have been tried. */
export async function eachOf<T>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++] as T;
      await act(item).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

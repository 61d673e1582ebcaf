import { ApiError, badRequest, type Clock } from "#base";
import type { Revision, Store } from "#store";
import { futureRevisionWaitMs } from "../limits.ts";

/** Reads a resource version. Throws BadRequest for what we never gave out. */
export function parseRevision(text: string): Revision {
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(
      `invalid resource version ${JSON.stringify(text)}: use one that a list or watch returned`,
    );
  }
  return Number(text);
}

/** Waits a little for a revision that this store has not seen yet. Throws Timeout when it does not come. */
export async function waitForRevision(store: Store, revision: Revision, clock: Clock): Promise<void> {
  if (store.revision >= revision) return;
  await store.readBarrier();
  if (store.revision >= revision) return;
  const waiting = new AbortController();
  const watch = store.watch({
    prefix: "/",
    after: store.revision,
    onCommit: () => store.revision >= revision && waiting.abort(),
  });
  try {
    await clock.sleep(futureRevisionWaitMs, waiting.signal).catch(() => {});
  } finally {
    watch.close();
  }
  if (store.revision >= revision) return;
  throw new ApiError("Timeout", `Too large resource version: ${revision}, current: ${store.revision}`, {
    details: {
      retryAfterSeconds: 1,
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    },
  });
}

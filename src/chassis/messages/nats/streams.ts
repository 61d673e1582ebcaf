import {
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";

/** What a stream of ours needs; everything else is its operator's. */
export type StreamNeeds = Pick<StreamConfig, "name" | "subjects" | "retention" | "storage" | "num_replicas"> &
  Partial<StreamConfig>;

/**
 * Has a stream made, unless it is there. Whoever runs the servers may have given it bounds of its own: it is taken as it is, but not on fewer servers
 * than are asked for.
 */
export async function keepStream(manager: JetStreamManager, needs: StreamNeeds): Promise<StreamInfo> {
  try {
    return await manager.streams.add(needs);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === isConfiguredOtherwise)) throw error;
    const there = await manager.streams.info(needs.name);
    if (there.config.num_replicas < needs.num_replicas) throw error;
    return there;
  }
}

/** nats-server: "stream name already in use with a different configuration". */
const isConfiguredOtherwise = 10_058;

/**
 * Takes a message out of a stream, unless somebody else was quicker. Erased, it is gone for good; marked as gone, which is cheaper, it may be there again
 * when the server is killed before long.
 */
export async function takeOut(
  manager: JetStreamManager,
  { stream, seq, how }: { readonly stream: string; readonly seq: number; readonly how: "erased" | "marked" },
): Promise<void> {
  try {
    await manager.streams.deleteMessage(stream, seq, how === "erased");
  } catch (error) {
    // Or the server could not, and it is done at the next look.
    if (!(error instanceof JetStreamApiError)) throw error;
  }
}

import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import {
  type ConnectionOptions,
  connect,
  headers,
  type NatsConnection,
  RequestError,
} from "@nats-io/transport-node";
import { limits } from "../limits.ts";
import { recordsBucket, recordsOf, streamOf, subjectOf, subjectsOf } from "./names.ts";

/** A connection to NATS. It is never repaired: what hangs on it ends with it and begins anew on the next. */
export interface Link {
  /** Aborted when the connection is lost or closed. */
  readonly lost: AbortSignal;
  /** Makes the stream of a topic, unless it stands. Its last sequence. */
  ensureTopic(topic: string): Promise<number>;
  /** Whether anybody has ever subscribed to a topic. */
  isHeard(topic: string): Promise<boolean>;
  /** Resolves when it is stored. */
  publish(subject: string, text: string): Promise<void>;
  /** Reads a partition in its order. */
  read(topic: string, partition: number, from: number): Promise<Reading>;
  /** Removes what a partition holds before a sequence. */
  purge(topic: string, partition: number, before: number): Promise<void>;
  records(): Records;
  /** Answers to a subject. Returns how to stop. */
  answer(subject: string): () => void;
  /** Whether somebody answers to a subject; "silent": the server believes so. */
  ask(subject: string): Promise<"answers" | "silent" | "gone">;
  close(): Promise<void>;
}

export interface Reading extends AsyncIterable<{ readonly sequence: number; readonly text: string }> {
  stop(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  readonly text: string;
  readonly revision: number;
  /** Whether it ends what there was when the watch began. */
  readonly current: boolean;
}

/** Small texts by key. Every writing is a comparison and a swap. */
export interface Records {
  get(key: string): Promise<{ readonly text: string; readonly revision: number } | undefined>;
  /** The new revision; undefined when somebody was quicker. `revision` 0: there is none yet. */
  swap(key: string, text: string, revision: number): Promise<number | undefined>;
  /** What there is of a topic, then every change. */
  watch(topic: string): Promise<AsyncIterable<Entry> & { stop(): void }>;
  /** The keys that there are of a topic, as the server sees them now. */
  keys(topic: string): Promise<readonly string[]>;
}

export interface LinkOptions {
  readonly connection: ConnectionOptions;
  readonly replicas: number;
}

export async function openLink({ connection, replicas }: LinkOptions): Promise<Link> {
  const { natsTimeoutMs: timeout } = limits;
  const nats = await connect({ timeout, ...connection, reconnect: false });
  const lost = new AbortController();
  void nats.closed().then((error) => lost.abort(error ?? new Error("the connection to NATS has ended")));
  try {
    const manager = await jetstreamManager(nats, { timeout });
    const stream = jetstream(nats, { timeout });
    const bucket = await new Kvm(stream).create(recordsBucket, { history: 1, replicas });
    return new NatsLink(nats, stream, manager, bucket, { replicas, lost: lost.signal });
  } catch (error) {
    await nats.close();
    throw error;
  }
}

class NatsLink implements Link {
  readonly lost: AbortSignal;
  readonly #nats: NatsConnection;
  readonly #stream: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #bucket: KV;
  readonly #replicas: number;
  readonly #heard = new Set<string>();

  constructor(
    nats: NatsConnection,
    stream: JetStreamClient,
    manager: JetStreamManager,
    bucket: KV,
    { replicas, lost }: { readonly replicas: number; readonly lost: AbortSignal },
  ) {
    this.lost = lost;
    this.#nats = nats;
    this.#stream = stream;
    this.#manager = manager;
    this.#bucket = bucket;
    this.#replicas = replicas;
  }

  async ensureTopic(topic: string): Promise<number> {
    const last = await this.#lastOf(topic);
    if (last !== undefined) return last;
    const { state } = await this.#manager.streams.add({
      name: streamOf(topic),
      subjects: [subjectsOf(topic)],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: this.#replicas,
    });
    return state.last_seq;
  }

  async isHeard(topic: string): Promise<boolean> {
    if (!this.#heard.has(topic) && (await this.#lastOf(topic)) !== undefined) this.#heard.add(topic);
    return this.#heard.has(topic);
  }

  async publish(subject: string, text: string): Promise<void> {
    await this.#stream.publish(subject, text, { headers: structured });
  }

  async read(topic: string, partition: number, from: number): Promise<Reading> {
    const consumer = await this.#stream.consumers.get(streamOf(topic), {
      filter_subjects: subjectOf(topic, partition),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    });
    const messages = await consumer.consume({
      max_bytes: limits.natsReadBytes,
      threshold_bytes: limits.natsReadBytes / 2,
      idle_heartbeat: limits.natsHeartbeatMs,
    });
    return {
      async *[Symbol.asyncIterator]() {
        for await (const message of messages) yield { sequence: message.seq, text: message.string() };
      },
      async stop() {
        await messages.close();
        // It would go by itself, minutes later.
        await consumer.delete().catch(() => {});
      },
    };
  }

  async purge(topic: string, partition: number, before: number): Promise<void> {
    await this.#manager.streams.purge(streamOf(topic), { filter: subjectOf(topic, partition), seq: before });
  }

  records(): Records {
    const bucket = this.#bucket;
    const prefix = `$KV.${recordsBucket}.`;
    return {
      async get(key) {
        const entry = await bucket.get(key);
        return entry ? { text: entry.string(), revision: entry.revision } : undefined;
      },
      async swap(key, text, revision) {
        try {
          return await bucket.put(key, text, { previousSeq: revision });
        } catch (error) {
          if (codeOf(error) === wrongLastSequence) return undefined;
          throw error;
        }
      },
      async watch(topic) {
        const entries = await bucket.watch({ key: recordsOf(topic) });
        return {
          stop: () => entries.stop(),
          async *[Symbol.asyncIterator]() {
            for await (const entry of entries)
              yield {
                key: entry.key,
                text: entry.string(),
                revision: entry.revision,
                current: entry.isUpdate,
              };
          },
        };
      },
      keys: async (topic) => {
        const { state } = await this.#manager.streams.info(`KV_${recordsBucket}`, {
          subjects_filter: prefix + recordsOf(topic),
        });
        return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
      },
    };
  }

  answer(subject: string): () => void {
    const subscription = this.#nats.subscribe(subject, { callback: (_, message) => void message.respond() });
    return () => subscription.unsubscribe();
  }

  async ask(subject: string): Promise<"answers" | "silent" | "gone"> {
    try {
      await this.#nats.request(subject, "", { timeout: limits.copyAnswerMs });
      return "answers";
    } catch (error) {
      if (error instanceof RequestError && error.isNoResponders()) return "gone";
      if (this.lost.aborted) throw error;
      return "silent";
    }
  }

  close(): Promise<void> {
    return this.#nats.close();
  }

  async #lastOf(topic: string): Promise<number | undefined> {
    try {
      return (await this.#manager.streams.info(streamOf(topic))).state.last_seq;
    } catch (error) {
      if (codeOf(error) === streamNotFound) return undefined;
      throw error;
    }
  }
}

/** An envelope with the event in it, as the binding of CloudEvents to NATS calls it. */
const structured = headers();
structured.set("Content-Type", "application/cloudevents+json");

/** Errors of JetStream, as they are numbered: there is no such stream; the subject has moved on. */
const streamNotFound = 10_059;
const wrongLastSequence = 10_071;

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

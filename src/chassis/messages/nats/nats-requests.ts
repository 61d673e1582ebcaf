import { createInbox, type Msg, RequestError } from "@nats-io/transport-node";
import type { Clock, Random } from "#base";
import { pause } from "../../database/persist.ts";
import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";
import { InHand } from "../requests/in-hand.ts";
import { inTime } from "../requests/in-time.ts";
import type { AnswerOptions, Reply, Request, Requests } from "../requests/requests.ts";
import { unlessAborted } from "../unless-aborted.ts";
import type { Connection } from "./connection.ts";
import { copySubject, droppedSubject, isCopy, requestSubject } from "./names.ts";
import { parsed } from "./parsed.ts";
import { eventIn } from "./stored-event.ts";

export interface NatsRequestsOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is asked of an answerer. */
interface Call {
  readonly id: string;
  readonly event: CloudEvent;
  readonly remainingMs: number;
}

/** What comes back: who has taken it, then the answer. */
type Word = { readonly taken: string } | Reply;

/** Requests are NATS' own, beside JetStream: who waits notices what is lost, so nothing need be kept. */
export function natsRequests(options: NatsRequestsOptions): Requests {
  return {
    request: (request) => inTime(request, options.clock, (bounded) => ask(options, bounded)),
    answer: async (answering) => openAnswerer(options, answering),
  };
}

async function ask(options: NatsRequestsOptions, request: Request): Promise<Reply> {
  const { connection, clock, random } = options;
  const endsMs = clock.monotonicMs() + request.timeoutMs;
  for (;;) {
    await connection.up(request.signal);
    const attempt = new Attempt(options, request, endsMs, random.uuid());
    const reply = await attempt.run();
    if (reply) return reply;
    await clock.sleep(limits.askAgainMs, request.signal);
  }
}

/** One try at a request: until it is answered, or whoever had it is gone. */
class Attempt {
  readonly #options: NatsRequestsOptions;
  readonly #request: Request;
  readonly #call: Call;
  readonly #over = Promise.withResolvers<Reply | undefined>();
  #takenBy: string | undefined;

  constructor(options: NatsRequestsOptions, request: Request, endsMs: number, id: string) {
    this.#options = options;
    this.#request = request;
    const remainingMs = Math.max(0, endsMs - options.clock.monotonicMs());
    this.#call = { id, event: request.message.event, remainingMs };
  }

  /** The answer; undefined: there was nobody, or is not any more. */
  async run(): Promise<Reply | undefined> {
    const { connection, clock } = this.#options;
    const { nats, lost } = connection;
    const { message, signal } = this.#request;
    const inbox = createInbox();
    const replies = nats.subscribe(inbox, { callback: (error, word) => this.#hear(error, word) });
    const giveUp = () => this.#over.resolve(undefined);
    lost.addEventListener("abort", giveUp, { once: true });
    const watching = new AbortController();
    let answered: Reply | undefined;
    try {
      const subject = requestSubject(message.topic, message.event.type);
      nats.publish(subject, JSON.stringify(this.#call), { reply: inbox });
      void this.#watch(clock, watching.signal);
      answered = await unlessAborted(signal, this.#over.promise);
      return answered;
    } finally {
      watching.abort();
      lost.removeEventListener("abort", giveUp);
      if (!nats.isClosed()) replies.unsubscribe();
      if (!answered) void this.#drop();
    }
  }

  /** Who has it may not have said so yet, or not to be heard; that this comes behind the request is sure. */
  async #drop(): Promise<void> {
    const { connection } = this.#options;
    const { message } = this.#request;
    try {
      // What is published before that is forgotten.
      await connection.up(new AbortController().signal);
      connection.nats.publish(droppedSubject(message.topic, message.event.type), this.#call.id);
    } catch {
      // It is closed: whoever has it goes on until the request's time is over.
    }
  }

  #hear(error: Error | null, message: Msg): void {
    // The server's word for: nobody is there.
    if (error || message.headers?.code === 503) {
      this.#over.resolve(undefined);
      return;
    }
    const word = wordIn(message.data);
    if (!word) return;
    if ("taken" in word) {
      if (isCopy(word.taken)) this.#takenBy = word.taken;
    } else this.#over.resolve(word);
  }

  async #watch(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(clock, limits.nudgeMs, signal);
      if (signal.aborted || (await this.#isInHand())) continue;
      this.#over.resolve(undefined);
      return;
    }
  }

  /** The server knows at once when the connection of whoever has taken the request is gone. */
  async #isInHand(): Promise<boolean> {
    // What nobody has taken by now was lost on its way.
    if (this.#takenBy === undefined) return false;
    const { nats } = this.#options.connection;
    return nats.request(copySubject(this.#takenBy), "", { timeout: limits.askMs }).then(
      () => true,
      (error) => !(error instanceof RequestError && error.isNoResponders()),
    );
  }
}

function openAnswerer({ connection, clock, random }: NatsRequestsOptions, answering: AnswerOptions) {
  const { nats } = connection;
  const { topic, type, answer } = answering;
  const copy = random.uuid();
  const inHand = new InHand(answer, clock);
  const alive = [
    nats.subscribe(copySubject(copy), { callback: (_, message) => void message.respond() }),
    nats.subscribe(droppedSubject(topic, type), {
      callback: (error, message) => {
        if (!error) inHand.drop(message.string(), new Error("whoever asked has gone"));
      },
    }),
  ];
  const calls = nats.subscribe(requestSubject(topic, type), {
    queue: "answerers",
    callback(error, message) {
      const call = callIn(message.data);
      if (error || !call) return;
      const { id, event, remainingMs } = call;
      const say = (word: Word) => message.respond(JSON.stringify(word));
      say({ taken: copy });
      inHand.take(id, { topic, event }, remainingMs, async (reply) => {
        if (!nats.isClosed()) say(reply);
      });
    },
  });
  return {
    async close() {
      // Those that are on their way are taken; no others come.
      if (!calls.isClosed()) await calls.drain();
      await inHand.settled();
      for (const subscription of alive) subscription.unsubscribe();
      // A server that is away knows nobody who answers.
      if (!nats.isClosed()) await nats.flush().catch(() => {});
    },
  };
}

function callIn(bytes: Uint8Array): Call | undefined {
  const call = parsed(bytes) as Partial<Call> | null | undefined;
  const isCall = typeof call?.id === "string" && typeof call.remainingMs === "number" && eventIn(call.event);
  return isCall ? (call as Call) : undefined;
}

function wordIn(bytes: Uint8Array): Word | undefined {
  const word = parsed(bytes);
  return typeof word === "object" && word !== null ? (word as Word) : undefined;
}

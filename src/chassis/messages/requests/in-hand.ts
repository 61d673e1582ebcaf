import type { Clock, Timer } from "#base";
import { problem } from "../../http/problem.ts";
import { type Current, parseTraceparent, runAs, type Span } from "../../telemetry/mod.ts";
import type { CloudEvent } from "../cloud-event.ts";
import type { Message } from "../message.ts";
import type { AnswerOptions, Asked, Reply } from "./requests.ts";

/** The requests that one answerer has in hand. */
export class InHand {
  readonly #answer: AnswerOptions["answer"];
  readonly #clock: Clock;
  readonly #requests = new Map<string, { readonly controller: AbortController; readonly timer: Timer }>();
  /** One for each: it ends with the answering, or with the time for it. */
  readonly #waitedFor = new Set<Promise<void>>();

  constructor(answer: AnswerOptions["answer"], clock: Clock) {
    this.#answer = answer;
    this.#clock = clock;
  }

  get ids(): readonly string[] {
    return [...this.#requests.keys()];
  }

  /** Has a request answered, and hands the answer on unless nobody waits for it any more. Resolves when that is over. */
  take(
    id: string,
    message: Message,
    remainingMs: number,
    handOn: (reply: Reply) => Promise<unknown>,
  ): Promise<void> {
    const clock = this.#clock;
    const endsMs = clock.monotonicMs() + remainingMs;
    const controller = new AbortController();
    const over = Promise.withResolvers<void>();
    const late = () => {
      controller.abort(new Error("nobody waits for the answer any more"));
      over.resolve();
    };
    const timer = clock.setTimer(Math.max(0, remainingMs), late, { unref: true });
    this.#requests.set(id, { controller, timer });
    const asked: Asked = {
      message,
      signal: controller.signal,
      remainingMs: () => Math.max(0, endsMs - clock.monotonicMs()),
    };
    // Whatever is called to answer it is over with it, and part of its trace.
    const around: Current = { span: spanOf(message.event), deadlineMs: endsMs, signal: controller.signal };
    const run = async () => {
      const reply = await runAs(around, async () => this.#answer(asked)).catch(() => failed);
      if (!controller.signal.aborted) await handOn(reply);
    };
    // An answer that cannot be handed on is asked for again.
    const running = run()
      .catch(() => {})
      .finally(() => {
        timer.cancel();
        this.#requests.delete(id);
        over.resolve();
      });
    this.#waitedFor.add(over.promise);
    over.promise.then(() => this.#waitedFor.delete(over.promise));
    return running;
  }

  /** Nobody waits for it any more. */
  drop(id: string, reason: unknown): void {
    this.#requests.get(id)?.controller.abort(reason);
  }

  dropAll(reason: unknown): void {
    for (const { controller } of this.#requests.values()) controller.abort(reason);
  }

  /** Resolves when none is left that is still being answered in time: not everybody who is given a signal listens. */
  async settled(): Promise<void> {
    while (this.#waitedFor.size > 0) await Promise.all(this.#waitedFor);
  }
}

/** To ask somebody else would only have it fail again: it is whoever answers that is wrong, not its connection. */
const failed: Reply = { problem: problem(500, "whoever answers this has failed").document() };

/** That of whoever asks: who answers within a span of its own begins one under it. */
function spanOf({ traceparent, tracestate }: CloudEvent): Span | undefined {
  const context = parseTraceparent(traceparent, tracestate);
  return context && { context, set() {}, end() {} };
}

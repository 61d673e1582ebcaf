import { type Clock, sleepOn, type Timer } from "#base";
import type { Database, Session, Transaction } from "../database/database.ts";
import type { Broker } from "../messages/broker.ts";
import type { DeadLetters } from "../messages/dead-letters.ts";

/**
 * A moment in which a process may die: right before something becomes durable, or right after; or half way through, where
 * several messages are published.
 */
export interface CrashPoint {
  /** Counted from 1, in the order in which they come. */
  readonly step: number;
  readonly when: "before" | "half way through" | "after";
}

/** What a process that is dead throws at whoever goes on in its name. */
export class Crashed extends Error {
  override readonly name: string = "Crashed";
}

/** What a life is ended with that goes on and on: what it looks for was lost. */
export class Endless extends Crashed {
  constructor(after: string, steps: readonly string[]) {
    super(
      `it had not come to its end after ${after}; it did last: ${steps.slice(-4).join(", ") || "nothing"}`,
    );
  }
}

export interface LifeOptions {
  /** Where it ends; absent: when it is done. */
  readonly point?: CrashPoint;
  /** A life of more steps has no end. */
  readonly stepsAtMost?: number;
}

/**
 * One life of a process, up to a crash point. What it reaches through this becomes unreachable when it dies: open
 * transactions are rolled back, connections are closed, nothing is published any more, no timer fires.
 */
export class Life {
  /** What became durable, in words; the last is where it died. */
  readonly steps: string[] = [];
  /** Numbers of the steps that can be done by half. */
  readonly divisible = new Set<number>();
  /** Resolves when it dies. Never, for one that does not. */
  readonly died: Promise<void>;
  readonly #point: CrashPoint | undefined;
  readonly #stepsAtMost: number;
  readonly #death = new AbortController();
  /** What is closed when it is over: connections, subscriptions. */
  readonly #held: (() => Promise<void>)[] = [];
  readonly #timers = new Set<Timer>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor({ point, stepsAtMost = Number.POSITIVE_INFINITY }: LifeOptions = {}) {
    this.#point = point;
    this.#stepsAtMost = stepsAtMost;
    this.died = new Promise((resolve) => this.signal.addEventListener("abort", () => resolve()));
  }

  get dead(): boolean {
    return this.signal.aborted;
  }

  /** Aborted when it dies: for whatever runs until it is told to end. */
  get signal(): AbortSignal {
    return this.#death.signal;
  }

  /** Ends it here and now. */
  kill(reason: Crashed): void {
    if (this.dead) return;
    this.#death.abort(reason);
    for (const timer of this.#timers) timer.cancel();
  }

  /** The clock as this life sees it: timers of the dead do not fire, and their sleep has no end. */
  clock(clock: Clock): Clock {
    const mine: Clock = {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (delayMs, callback, options) => {
        if (this.dead) return { cancel() {} };
        const cancel = () => {
          this.#timers.delete(timer);
          timer.cancel();
        };
        const timer: Timer = clock.setTimer(
          delayMs,
          () => {
            this.#timers.delete(timer);
            callback();
          },
          options,
        );
        this.#timers.add(timer);
        return { cancel };
      },
      sleep: (delayMs, signal) => sleepOn(mine, delayMs, signal),
    };
    return mine;
  }

  /** Does something that becomes durable: a call to another service, a file that is renamed. `half` does a part of it. */
  step<Result>(what: string, action: () => Promise<Result>, half?: () => Promise<unknown>): Promise<Result> {
    return this.#track(async () => {
      const step = this.#before(what, half !== undefined);
      if (half && this.#diesAt(step, "half way through")) {
        await half();
        this.#crash();
      }
      const result = await action();
      this.#after(step);
      return result;
    });
  }

  /** The database as this life sees it. Durable are: a transaction's commit, and a statement of its own. */
  database(database: Database): Database {
    return {
      query: (text, values) => this.step(firstWords(text), () => database.query(text, values)),
      transaction: (work) => this.#transaction(database, work),
      replication: () =>
        this.#track(async () => {
          const client = await database.replication();
          this.#held.push(() => client.end().catch(() => {}));
          return client;
        }),
      session: () => this.#track(async () => this.#session(await database.session())),
    };
  }

  /** The broker as this life sees it. Durable is what is published; what is delivered to the dead comes again. */
  broker(broker: Broker): Broker {
    return {
      ...broker,
      publish: (messages) =>
        this.step(
          `publish ${messages.length}`,
          () => broker.publish(messages),
          messages.length > 1 ? () => broker.publish(messages.slice(0, messages.length / 2)) : undefined,
        ),
      subscribe: (options) =>
        this.#track(async () => {
          const handle: typeof options.handle = (delivery) =>
            this.#track(() => this.#untilDeath(options.handle(delivery)));
          const subscription = await broker.subscribe({ ...options, handle });
          this.#held.push(() => subscription.close());
          return subscription;
        }),
      request: (request) => this.#track(() => broker.request(request)),
      answer: (options) =>
        this.#track(async () => {
          const answer: typeof options.answer = (asked) =>
            this.#track(() => this.#untilDeath(options.answer(asked)));
          const answering = await broker.answer({ ...options, answer });
          this.#held.push(() => answering.close());
          return answering;
        }),
      marks: {
        read: (mark) => this.#track(() => broker.marks.read(mark)),
        move: (step) => this.step(`move ${step.mark}`, () => broker.marks.move(step)),
      },
      deadLetters: (of) => this.#deadLetters(broker.deadLetters(of)),
    };
  }

  /** Resolves when nothing is under way any more in the name of this life. */
  async buried(): Promise<void> {
    for (const close of this.#held) await close();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #transaction<Result>(
    on: Pick<Database, "transaction">,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return this.#track(async () => {
      let step = 0;
      const result = await on.transaction(async (transaction) => {
        const result = await this.#untilDeath(
          work({ query: (text, values) => this.#track(() => transaction.query(text, values)) }),
        );
        step = this.#before("commit");
        return result;
      });
      this.#after(step);
      return result;
    });
  }

  #session(session: Session): Session {
    this.#held.push(() => session.close());
    return {
      ...session,
      query: (text, values) => this.step(firstWords(text), () => session.query(text, values)),
      transaction: (work) => this.#transaction(session, work),
    };
  }

  #deadLetters(letters: DeadLetters): DeadLetters {
    return {
      list: (options) => this.#track(() => letters.list(options)),
      redrive: (which) => this.step("redrive", () => letters.redrive(which)),
      discard: (which) => this.step("discard", () => letters.discard(which)),
    };
  }

  /** The number of the step that is about to become durable. */
  #before(what: string, isDivisible = false): number {
    this.#breathe();
    const step = this.steps.push(what);
    if (step > this.#stepsAtMost) this.kill(new Endless(`${this.#stepsAtMost} steps`, this.steps));
    this.#breathe();
    if (isDivisible) this.divisible.add(step);
    if (this.#diesAt(step, "before")) this.#crash();
    return step;
  }

  #after(step: number): void {
    if (this.#diesAt(step, "after")) this.#crash();
    this.#breathe();
  }

  #diesAt(step: number, when: CrashPoint["when"]): boolean {
    return this.#point?.when === when && this.#point.step === step;
  }

  #crash(): never {
    this.kill(new Crashed(`the process died ${this.#point?.when} step ${this.#point?.step}`));
    throw this.signal.reason;
  }

  /** Nobody waits for what the dead were about to do: their transaction is rolled back at once. */
  #untilDeath<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.died.then(() => Promise.reject(this.signal.reason))]);
  }

  #breathe(): void {
    this.signal.throwIfAborted();
  }

  #track<Result>(action: () => Promise<Result>): Promise<Result> {
    const running = (async () => {
      this.#breathe();
      const result = await action();
      this.#breathe();
      return result;
    })();
    this.#underWay.add(running);
    const over = () => this.#underWay.delete(running);
    running.then(over, over);
    return running;
  }
}

function firstWords(statement: string): string {
  return statement.trim().split(/\s+/).slice(0, 3).join(" ");
}

import type { Database, Session, Transaction } from "../database/database.ts";
import type { Broker, Subscription } from "../messages/broker.ts";

/** A moment in which a process may die: right before something becomes durable, or right after. */
export interface CrashPoint {
  /** Counted from 1, in the order in which they come. */
  readonly step: number;
  readonly when: "before" | "after";
}

/** What a process that is dead throws at whoever goes on in its name. */
export class Crashed extends Error {
  override readonly name = "Crashed";
}

/**
 * One life of a process, up to a crash point. What it reaches through this becomes unreachable when it dies: open
 * transactions are rolled back, sessions are closed, nothing is published any more.
 */
export class Life {
  /** What became durable, in words; the last is where it died. */
  readonly steps: string[] = [];
  /** Resolves when it dies. Never, for one that does not. */
  readonly died: Promise<void>;
  readonly #point: CrashPoint | undefined;
  readonly #die: () => void;
  readonly #sessions = new Set<Session>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #underWay = new Set<Promise<unknown>>();
  #dead = false;

  constructor(point?: CrashPoint) {
    this.#point = point;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#die = resolve;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Does something that becomes durable: a call to another service, a file that is renamed. */
  step<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
    return this.#track(async () => {
      const step = this.#before(what);
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
      replication: () => this.#track(() => database.replication()),
      session: () => this.#track(async () => this.#session(await database.session())),
    };
  }

  /** The broker as this life sees it. Durable is what is published; what is delivered to the dead comes again. */
  broker(broker: Broker): Broker {
    return {
      publish: (messages) => this.step(`publish ${messages.length}`, () => broker.publish(messages)),
      subscribe: (options) =>
        this.#track(async () => {
          const handle: typeof options.handle = (delivery) => this.#track(() => options.handle(delivery));
          const subscription = await broker.subscribe({ ...options, handle });
          this.#subscriptions.add(subscription);
          return subscription;
        }),
    };
  }

  /** Resolves when nothing is under way any more in the name of this life. */
  async buried(): Promise<void> {
    for (const held of [...this.#subscriptions, ...this.#sessions]) await held.close();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #transaction<Result>(
    on: Pick<Database, "transaction">,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return this.#track(async () => {
      let step = 0;
      const result = await on.transaction(async (transaction) => {
        const result = await work({
          query: (text, values) => this.#track(() => transaction.query(text, values)),
        });
        step = this.#before("commit");
        return result;
      });
      this.#after(step);
      return result;
    });
  }

  #session(session: Session): Session {
    this.#sessions.add(session);
    return {
      ...session,
      query: (text, values) => this.#track(() => session.query(text, values)),
      transaction: (work) => this.#transaction(session, work),
    };
  }

  /** The number of the step that is about to become durable. */
  #before(what: string): number {
    this.#breathe();
    const step = this.steps.push(what);
    if (this.#point?.when === "before" && this.#point.step === step) this.#crash();
    return step;
  }

  #after(step: number): void {
    if (this.#point?.when === "after" && this.#point.step === step) this.#crash();
    this.#breathe();
  }

  #crash(): never {
    this.#dead = true;
    this.#die();
    throw new Crashed(`the process died ${this.#point?.when} step ${this.#point?.step}`);
  }

  #breathe(): void {
    if (this.#dead) throw new Crashed("the process is dead");
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

import { Pool } from "pg";
import {
  database,
  inboxSchema,
  migrate,
  notifyRelay,
  orchestrator,
  outbox,
  outboxSchema,
  type SagaDefinition,
  sagaSchema,
} from "#chassis/data";
import { memoryBroker } from "#chassis/messages";
import type { RealPostgres } from "#testing";

type Step = "first" | "second" | "third" | "done";

interface Events {
  readonly answered: unknown;
}

/** Three questions, each of which is answered at once. */
const errand: SagaDefinition<Step, Events, null> = {
  name: "errand",
  initial: "first",
  states: {
    first: asking("second"),
    second: asking("third"),
    third: asking("done"),
    done: { final: "completed" },
  },
};

function asking(to: Step) {
  return {
    send: () => [{ topic: "questions", type: "asked", data: {} }],
    on: { answered: { to } },
    timeout: "never",
  } as const;
}

const sagas = 500;
/** The start, and three answers. */
const stepsOfEach = 4;

/** Durable steps of sagas per second: each is a transaction with the event's mark, the new state and the next command. */
export async function measureSagas(postgres: RealPostgres): Promise<number> {
  const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 20 });
  const view = database(pool);
  const stop = new AbortController();
  const broker = memoryBroker();
  const box = outbox({ source: "/bench" });
  try {
    await migrate(view, [outboxSchema, inboxSchema, sagaSchema]);
    const saga = orchestrator({ definition: errand, database: view, outbox: box });
    const answers = await saga.listen(broker, "answers");
    const questions = await broker.subscribe({
      topic: "questions",
      subscriber: "bench",
      handle: ({ message: { event } }) =>
        broker.publish([
          { topic: "answers", event: { ...event, id: `${event.id}/answer`, type: "answered", data: {} } },
        ]),
    });
    const running = [saga.run(stop.signal), notifyRelay({ database: view, broker }).run(stop.signal)];
    const began = performance.now();
    await Promise.all(
      Array.from({ length: sagas }, (_, number) =>
        view.transaction((transaction) => saga.start(transaction, { id: String(number), content: null })),
      ),
    );
    while (await someAreUnderWay(pool)) {
      // Asking is waiting enough.
    }
    const perSecond = (sagas * stepsOfEach) / ((performance.now() - began) / 1000);
    stop.abort();
    await Promise.all(running);
    for (const subscription of [answers, questions]) await subscription.close();
    return perSecond;
  } finally {
    stop.abort();
    await pool.end();
  }
}

async function someAreUnderWay(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query(
    "select pg_sleep(0.02), count(*)::int as count from chassis.sagas where state <> 'done'",
  );
  return (rows as { count: number }[])[0]?.count !== 0;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, realPostgres } from "#testing";
import {
  type Choreography,
  consume,
  database,
  inboxSchema,
  migrate,
  orchestrator,
  outbox,
  outboxSchema,
  participate,
  type SagaDefinition,
  sagaSchema,
} from "../../data/mod.ts";
import { drain } from "../../data/outbox/drain.ts";
import { t } from "../../http/schema.ts";
import { memoryBroker } from "../memory-broker.ts";
import { composer } from "../message.ts";
import { type EventsOf, topic } from "./mod.ts";

const answers = topic({
  name: "answers",
  events: { "stock.reserved": t.object({ shelf: t.integer() }), "stock.refused": t.object({}) },
});

const saga: SagaDefinition<
  "reserving" | "completed" | "refused",
  EventsOf<typeof answers>,
  { shelf?: number }
> = {
  name: "order",
  initial: "reserving",
  states: {
    reserving: {
      on: {
        "stock.reserved": { to: "completed", keep: (_, { shelf }) => ({ shelf }) },
        "stock.refused": { to: "refused" },
      },
      timeout: "never",
    },
    completed: { final: "completed" },
    refused: { final: "undone" },
  },
};

const flow = {
  name: "fulfilment",
  topic: answers,
  begins: ["stock.reserved"],
  participants: { stock: { "stock.reserved": ["stock.refused"] } },
  ends: { "stock.refused": "undone" },
} as const satisfies Choreography;

test("outbox, inbox, sagas and choreographies take declared topics, and put aside what does not fit", {
  skip: lacksPostgres() ?? false,
}, async (context) => {
  const postgres = await realPostgres();
  context.after(() => postgres.stop());
  const pool = new Pool({ connectionString: await postgres.createDatabase() });
  context.after(() => pool.end());
  const view = database(pool);
  await migrate(view, [outboxSchema, inboxSchema, sagaSchema]);
  const broker = memoryBroker();
  const box = outbox({ source: "/stock" });
  const orders = orchestrator({ definition: saga, database: view, outbox: box });
  const shelves: number[] = [];
  const subscriptions = [
    await orders.listen(broker, answers),
    await consume({
      database: view,
      broker,
      consumer: "shelves",
      ...answers.effects({
        async "stock.reserved"(_, { data }) {
          shelves.push(data.shelf);
        },
      }),
    }),
    await participate(flow, "stock", {
      database: view,
      outbox: box,
      broker,
      // What it says is not as it is declared.
      reactions: { "stock.reserved": async () => ({ type: "stock.refused", data: { because: "rain" } }) },
    }),
  ];
  await view.transaction(async (transaction) => {
    await orders.start(transaction, { id: "7", content: {} });
    const data = { shelf: 3 };
    await box.add(transaction, answers.draft({ type: "stock.reserved", key: "7", subject: "7", data }));
  });
  const unfit = { topic: "answers", type: "stock.reserved", key: "7", subject: "7", data: { shelf: "top" } };
  await broker.publish([composer({ source: "/stranger" })(unfit)]);
  await drain(view, broker);
  while ((await orders.find(view, "7"))?.state !== "completed") await broker.idle();
  await broker.idle();
  assert.deepEqual((await orders.find(view, "7"))?.content, { shelf: 3 });
  assert.deepEqual(shelves, [3]);
  for (const subscriber of ["saga order", "shelves", "fulfilment stock"]) {
    const [letter] = await broker.deadLetters({ topic: "answers", subscriber }).list();
    assert.equal(
      letter?.error,
      'stock.reserved is not as topic "answers" declares it: /shelf must be integer',
    );
    assert.equal(letter?.attempts, 1);
  }
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
});

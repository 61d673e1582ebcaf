import { answer, problem } from "@nacre/chassis";
import {
  aggregates,
  eventsSchema,
  idempotency,
  idempotencySchema,
  orchestrator,
  sagaSchema,
} from "@nacre/chassis/data";
import { catalogue } from "../catalogue.ts";
import { topics } from "../messages.ts";
import { part } from "../part.ts";
import { ordersApi } from "./api.ts";
import { complete, order, place, refuse } from "./order.ts";
import { orderSaga } from "./saga.ts";

/** Takes orders, and sees each of them through to its end. */
export const orders = part({
  name: "orders",
  routes: ordersApi,
  schemas: [eventsSchema, sagaSchema, idempotencySchema],
  async open({ database, broker, outbox, obey, context }) {
    const { random, signal, logger, metrics, closeAtEnd } = context;
    const box = outbox("/orders");
    const kept = aggregates({ definition: order, outbox: box });
    const keys = idempotency({ database, scope: "orders" });
    const saga = orchestrator({ definition: orderSaga, database, outbox: box, log: logger, metrics });
    const answers = await saga.listen(broker, topics.answers);
    closeAtEnd(() => answers.close());
    const timeouts = saga.run(signal);
    closeAtEnd(() => timeouts);

    await obey("orders", {
      "order.complete": (transaction, id) => kept.change(transaction, id, complete),
      "order.refuse": (transaction, id, { reason }) => kept.change(transaction, id, refuse(reason)),
    });

    return {
      placeOrder: (request) =>
        keys.once(request, async (transaction) => {
          const { item, count } = request.body;
          const id = random.uuid();
          const placed = { ...request.body, cents: catalogue[item].cents * count };
          await kept.change(transaction, id, place(placed));
          await saga.start(transaction, { id, content: { ...placed, reason: "" } });
          return answer(202, { id });
        }),
      async readOrder({ params: { id } }) {
        const { state } = await kept.load(database, id);
        if (state.state === "none") throw problem(404, `there is no order ${id}`);
        return { id, ...state };
      },
    };
  },
});

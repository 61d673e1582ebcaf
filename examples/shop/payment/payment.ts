import { answer } from "@nacre/chassis";
import { idempotency, idempotencySchema, type Transaction } from "@nacre/chassis/data";
import { about, type Commands, topics } from "../messages.ts";
import { part } from "../part.ts";
import { paymentApi } from "./api.ts";
import { paymentSchema } from "./schema.ts";

/** Keeps customers' money. An account is the sum of its lines in the ledger, at every moment. */
export const payment = part({
  name: "payment",
  routes: paymentApi,
  schemas: [paymentSchema, idempotencySchema],
  async open({ database, outbox, obey }) {
    const box = outbox("/payment");
    const keys = idempotency({ database, scope: "payment" });
    await obey("payment", {
      async "payment.take"(transaction, order, command) {
        const isTaken = await take(transaction, order, command);
        await box.add(
          transaction,
          isTaken
            ? about(order, topics.answers, "payment.taken", {})
            : about(order, topics.answers, "payment.refused", { reason: "not enough money" }),
        );
      },
    });
    return {
      deposit: (request) =>
        keys.once(request, async (transaction) => {
          const { customer } = request.params;
          const cents = await payIn(transaction, customer, request.body.cents);
          return answer(201, { customer, cents });
        }),
      async readAccount({ params: { customer } }) {
        const { rows } = await database.query(
          "select cents::float8 from payment.accounts where customer = $1",
          [customer],
        );
        return { customer, cents: (rows as { cents: number }[])[0]?.cents ?? 0 };
      },
    };
  },
});

/** The balance after it. */
async function payIn(transaction: Transaction, customer: string, cents: number): Promise<number> {
  const { rows } = await transaction.query(
    `insert into payment.accounts values ($1, $2)
     on conflict (customer) do update set cents = accounts.cents + excluded.cents returning cents::float8`,
    [customer, cents],
  );
  await transaction.query("insert into payment.ledger (customer, cents) values ($1, $2)", [customer, cents]);
  return (rows as { cents: number }[])[0]?.cents ?? 0;
}

/** False when there is not enough. */
async function take(
  transaction: Transaction,
  order: string,
  { customer, cents }: Commands["payment.take"],
): Promise<boolean> {
  const { rows } = await transaction.query(
    "update payment.accounts set cents = cents - $2 where customer = $1 and cents >= $2 returning 1",
    [customer, cents],
  );
  if (rows.length === 0) return false;
  await transaction.query("insert into payment.ledger (customer, cents, for_order) values ($1, $2, $3)", [
    customer,
    -cents,
    order,
  ]);
  return true;
}

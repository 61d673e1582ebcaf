import { natsBroker } from "#chassis/messages";
import { fulfilment } from "../../examples/shop/fulfilment.ts";
import { commandTopics, topics } from "../../examples/shop/messages.ts";
import { orderSaga } from "../../examples/shop/orders/saga.ts";

/*
 * letters.ts URL: what the shop's parts have put aside at a NATS, for shops that only another network reaches.
 */

/** Everybody who listens, under the name that the chassis gives them. */
export const readers: readonly Reader[] = [
  ...Object.entries(commandTopics).map(([part, topic]) => ({ topic, subscriber: part })),
  { topic: topics.answers, subscriber: `saga ${orderSaga.name}` },
  // What orders does about an order is its saga's affair.
  ...Object.keys(fulfilment.participants)
    .filter((part) => part !== "orders")
    .map((part) => ({ topic: fulfilment.topic, subscriber: `${fulfilment.name} ${part}` })),
];

export interface Reader {
  readonly topic: string;
  readonly subscriber: string;
}

/** Why each message was put aside that a part could not handle. */
export async function lettersAtNats(url: string): Promise<readonly string[]> {
  const broker = await natsBroker({ servers: url });
  try {
    const letters = await Promise.all(readers.map((reader) => broker.deadLetters(reader).list()));
    return letters.flatMap((each, index) =>
      each.map(({ error }) => `${readers[index]?.subscriber}: ${error}`),
    );
  } finally {
    await broker.close();
  }
}

if (import.meta.main) console.log(JSON.stringify(await lettersAtNats(process.argv[2] ?? "")));

import { natsBroker } from "#chassis/messages";
import { fulfilment } from "../../examples/shop/fulfilment.ts";
import { topics } from "../../examples/shop/messages.ts";

/*
 * letters.ts URL: what the shop's parts have put aside at a NATS, for shops that only another network reaches.
 */

const readers = [
  ...(["orders", "inventory", "payment"] as const).map((part) => ({ topic: topics[part], subscriber: part })),
  { topic: topics.answers, subscriber: "saga order" },
  ...Object.keys(fulfilment.participants).map((part) => ({
    topic: fulfilment.topic,
    subscriber: `${fulfilment.name} ${part}`,
  })),
];

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

import type { Clock } from "#base";
import { limits } from "../limits.ts";
import { InHand } from "../requests/in-hand.ts";
import { inTime } from "../requests/in-time.ts";
import type { Reply, Request, Requests } from "../requests/requests.ts";
import { unlessAborted } from "../unless-aborted.ts";

export function memoryRequests(clock: Clock): Requests {
  const answerers = new Map<string, InHand[]>();
  let asked = 0;
  const ask = async ({ message, timeoutMs, signal }: Request) => {
    const endsMs = clock.monotonicMs() + timeoutMs;
    const id = String(++asked);
    for (;;) {
      const those = answerers.get(`${message.topic} ${message.event.type}`) ?? [];
      const [first] = those;
      if (!first) {
        await clock.sleep(limits.askAgainMs, signal);
        continue;
      }
      those.push(...those.splice(0, 1));
      const answered = Promise.withResolvers<Reply>();
      // As over a wire: nobody shares an object with anybody.
      const copy = structuredClone(message);
      first.take(id, copy, endsMs - clock.monotonicMs(), async (reply) =>
        answered.resolve(structuredClone(reply)),
      );
      try {
        return await unlessAborted(signal, answered.promise);
      } finally {
        first.drop(id, signal.reason);
      }
    }
  };
  return {
    request: (request) => inTime(request, clock, ask),
    async answer({ topic, type, answer }) {
      const name = `${topic} ${type}`;
      const inHand = new InHand(answer, clock);
      answerers.set(name, [...(answerers.get(name) ?? []), inHand]);
      return {
        async close() {
          answerers.set(
            name,
            (answerers.get(name) ?? []).filter((each) => each !== inHand),
          );
          await inHand.settled();
        },
      };
    },
  };
}

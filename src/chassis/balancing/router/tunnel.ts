import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "#base";
import { Patience } from "./patience.ts";

/** Passes on what either side sends until both have ended, one has failed, or neither has said anything for too long. */
export async function tunnel(
  one: Duplex,
  other: Duplex,
  { clock, idleMs }: { readonly clock: Clock; readonly idleMs: number },
): Promise<void> {
  const patience = new Patience(clock, () => {
    one.destroy();
    other.destroy();
  });
  for (const side of [one, other]) side.on("data", () => patience.moved());
  patience.allow(idleMs);
  await Promise.allSettled([pipeline(one, other), pipeline(other, one)]);
  patience.stop();
}

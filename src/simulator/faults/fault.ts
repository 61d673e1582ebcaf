import type { Random } from "#base";
import type { World } from "../runs/world.ts";

/** One way in which a cluster suffers. */
export interface Fault {
  /** `node-crash`: what is counted. */
  readonly kind: string;
  /** How often it is drawn, against the others. */
  readonly weight: number;
  /** Makes it happen; undefined when there is nothing left to suffer. Whom it meets, and how, is drawn from `random`. */
  begin(world: World, random: Random): Suffering | undefined;
}

/** A fault that goes on. */
export interface Suffering {
  /** To whom, and how: `node-crash node-7`. */
  readonly words: string;
  readonly forMs: number;
  /** Makes it good again. */
  end(): void;
}

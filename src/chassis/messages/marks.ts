import type { Message } from "./message.ts";

/**
 * Marks that copies share: how far they got with something together. A mark is moved and messages are published in one
 * step, so of copies that try the same step one does it.
 */
export interface Marks {
  /** Where it stands; undefined: nobody has moved it yet. */
  read(mark: string): Promise<string | undefined>;
  /** Whether it was moved; not, when it stands elsewhere: then nothing is published. */
  move(step: Step): Promise<boolean>;
}

export interface Step {
  readonly mark: string;
  /** Where it stands, as far as the caller knows. */
  readonly from: string | undefined;
  readonly to: string;
  readonly messages: readonly Message[];
}

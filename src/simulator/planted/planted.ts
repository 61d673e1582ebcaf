import type { ControlPlaneOptions } from "../parts/control-plane.ts";

/** Ports with a mistake in them, to be put in the place of right ones. */
export type Ports = NonNullable<Pick<ControlPlaneOptions, "diskPort" | "storePort" | "serverPort">>;

/**
 * A mistake that Nacre does not have, to see that the simulator would find it. It lies in a port that is put before a real part; nothing of
 * it is in what users run.
 */
export interface PlantedBug {
  readonly name: string;
  /** What it does, in a sentence. */
  readonly sentence: string;
  /** New ports for one run: what a mistake remembers does not outlive it. */
  ports(): Ports;
}

import { between, happens, pick } from "../time/seeds.ts";
import type { Fault } from "./fault.ts";

/** The clock of one machine is wrong by up to ten minutes, all of a sudden; later it is right again. */
export const clockSkew: Fault = {
  kind: "clock-skew",
  weight: 3,
  begin({ simulation }, random) {
    const { controlPlane, controllers, schedulers, nodeClocks, nodeSkews } = simulation;
    const skewMs = between(random, happens(random, 0.7) ? [-5_000, 5_000] : [-600_000, 600_000]);
    const forMs = between(random, [30_000, 600_000]);
    const words = (who: string) => `clock-skew ${who} ${(skewMs / 1000).toFixed(1)} s`;
    const programs = [controlPlane, ...controllers, ...schedulers];
    if (happens(random, 0.5)) {
      const program = pick(random, programs) ?? controlPlane;
      program.setSkew(skewMs);
      return {
        words: words(program === controlPlane ? "api-server" : (program as { name: string }).name),
        forMs,
        end: () => program.setSkew(0),
      };
    }
    const name = pick(random, [...nodeClocks.keys()]);
    if (name === undefined) return undefined;
    const set = (toMs: number) => {
      nodeSkews.set(name, toMs);
      const clock = nodeClocks.get(name);
      if (clock) clock.skewMs = toMs;
    };
    set(skewMs);
    return { words: words(name), forMs, end: () => set(0) };
  },
};

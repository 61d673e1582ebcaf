import type { ProgramName } from "./layout.ts";

/**
 * How a program stands back for others who want a processor (nice(7)): -20 for nobody, 19 for everybody. DNS for few: it works little, every pod
 * asks it, and whoever hears nothing from it while it is started again waits five seconds before they ask once more.
 */
export function nicenessOf(name: ProgramName): number {
  return name === "dns" ? -10 : 0;
}

/** The same where the processor is shared out among control groups: 1 to 10,000, 100 for everybody else (systemd.resource-control(5)). */
export function weightOf(name: ProgramName): number {
  return name === "dns" ? 1000 : 100;
}

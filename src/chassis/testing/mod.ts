export {
  type CrashOutcome,
  type CrashScenario,
  crashAt,
  everyCrashPoint,
} from "./every-crash-point.ts";
export { type Given, given, type When } from "./given-when-then.ts";
export { Crashed, type CrashPoint, Life } from "./life.ts";
export { settled, VirtualClock } from "./virtual-clock.ts";

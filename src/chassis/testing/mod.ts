export {
  type CrashOutcome,
  type CrashScenario,
  crashAt,
  everyCrashPoint,
} from "./every-crash-point.ts";
export { Crashed, type CrashPoint, Life } from "./life.ts";

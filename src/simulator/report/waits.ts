import type { Played } from "../play/play.ts";
import type { Wait } from "../play/pod-log.ts";

/** What found its node before the scenario began belongs to setting it up. */
export function waitsDuring({ pods, scenario: { durationMs } }: Pick<Played, "pods" | "scenario">): Wait[] {
  return pods.waits.filter(({ untilMs, fromMs }) => (untilMs ?? durationMs) > 0 && fromMs < durationMs);
}

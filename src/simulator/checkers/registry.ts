import type { Checker } from "../runs/checker.ts";
import type { World } from "../runs/world.ts";
import { bindings } from "./bindings.ts";
import { budgets } from "./budgets.ts";
import { capacity } from "./capacity.ts";
import { ordinals } from "./ordinals.ts";
import { volumes } from "./volumes.ts";

/**
 * What must hold at every moment. A new one is added here. Beside them: the history (nothing acknowledged is lost), the witness (watches
 * are gapless and ordered) and the convergence at the end of a run.
 */
export function newCheckers(world: World): readonly Checker[] {
  return [bindings(world), ordinals(world), capacity(world), budgets(world), volumes(world)];
}

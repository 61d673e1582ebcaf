import { doubleBind } from "./double-bind.ts";
import { earlyAcknowledgement } from "./early-acknowledgement.ts";
import { ignoredBudget } from "./ignored-budget.ts";
import type { PlantedBug } from "./planted.ts";
import { watchGap } from "./watch-gap.ts";

/** Every planted bug. A new one is added here. */
export const plantedBugs: readonly PlantedBug[] = [watchGap, doubleBind, earlyAcknowledgement, ignoredBudget];

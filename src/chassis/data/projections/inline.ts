import { badRequest } from "#base";
import type { Database } from "../../database/database.ts";
import type { InlineProjection } from "../events/aggregates.ts";
import { readLog } from "../events/log.ts";
import { applyAll, checkProjection, type Projection } from "./definition.ts";
import { install } from "./installed.ts";

/**
 * A projection that is true at the same moment as the events, in their transaction. Every command pays for it, and
 * commands that write the same row wait for one another; what need not be there at once is a projector's.
 *
 * When it is new, appends wait while it is built from what was before. From then on every program that appends must know
 * it, so it has no second version: programs of the first would append past it.
 */
export async function inline(
  database: Pick<Database, "transaction" | "query">,
  projection: Projection,
): Promise<InlineProjection> {
  checkProjection(projection);
  if (projection.version !== 1)
    throw badRequest(
      `cannot keep version ${projection.version} of the projection "${projection.name}" inline: programs of an older one would append past it; keep it by a projector, or give it another name`,
    );
  await install(database, projection, async (transaction) => {
    await transaction.query("lock table chassis.events in share row exclusive mode");
    let position = "0";
    for (let more = true; more; ) {
      const page = await readLog(transaction, position, "nobody appends");
      await applyAll(transaction, projection, page.events);
      ({ position, more } = page);
    }
  });
  return { apply: (transaction, events) => applyAll(transaction, projection, events) };
}

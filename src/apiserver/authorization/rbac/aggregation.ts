import { type ClusterRole, clusterRoles, compileLabelSelector, type PolicyRule } from "#api";
import { isConflict, isNotFound, type Logger, messageOf } from "#base";
import type { ObjectFeed, ObjectWriter } from "../../ports.ts";

/** What an aggregated role says: the rules of all roles that its selectors choose, in order of name, each once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map((each) =>
    compileLabelSelector(each),
  );
  const chosen = all
    .filter((each) => each.metadata?.name !== role.metadata?.name)
    .filter((each) => selectors.some((selector) => selector.matches(each.metadata?.labels)))
    .sort((a, b) => ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1));
  const rules = new Map<string, PolicyRule>();
  for (const rule of chosen.flatMap((each) => each.rules ?? [])) rules.set(JSON.stringify(rule), rule);
  return [...rules.values()];
}

/** The aggregated roles whose rules are not what they should be, with the rules they should have. */
export function staleAggregates(all: readonly ClusterRole[]): ClusterRole[] {
  return all.flatMap((role) => {
    if (!role.aggregationRule) return [];
    const rules = aggregatedRules(role, all);
    return JSON.stringify(rules) === JSON.stringify(role.rules ?? []) ? [] : [{ ...role, rules }];
  });
}

/**
 * Keeps aggregated cluster roles up to date: reacts to every change of a cluster role, writes until nothing is stale
 * (`view` flows into `edit`, `edit` into `admin`). Level-based: a lost race is settled by the change that won it.
 */
export function startAggregation(feed: ObjectFeed, writer: ObjectWriter, log: Logger): { close(): void } {
  let running = false;
  let closed = false;
  let again = false;
  const settle = async () => {
    again = true;
    if (running) return;
    running = true;
    while (again && !closed) {
      again = false;
      for (const role of staleAggregates(feed.list(clusterRoles))) await write(role);
    }
    running = false;
  };
  const write = async (role: ClusterRole) => {
    try {
      await writer.update(clusterRoles, role);
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return;
      log.error("cannot aggregate a cluster role", { role: role.metadata?.name, error: messageOf(error) });
    }
  };
  let started = false;
  const follow = feed.follow(clusterRoles, () => {
    if (started) void settle();
  });
  started = true;
  void settle();
  return {
    close() {
      closed = true;
      follow.close();
    },
  };
}

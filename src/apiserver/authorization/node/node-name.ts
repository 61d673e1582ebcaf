import type { User } from "../../ports.ts";

const prefix = "system:node:";

/** The node that a user is the agent of; undefined for everyone else. Needs both the name and the group. */
export function nodeNameOf(user: User): string | undefined {
  if (!user.name.startsWith(prefix) || !user.groups.includes("system:nodes")) return undefined;
  return user.name.slice(prefix.length) || undefined;
}

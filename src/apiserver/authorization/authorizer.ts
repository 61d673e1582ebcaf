import type { Authorizer, Decision, ObjectFeed } from "../ports.ts";
import { nodeAuthorizer } from "./node/node-authorizer.ts";
import { rbacAuthorizer } from "./rbac/rbac-authorizer.ts";
import type { RbacIndex } from "./rbac/rbac-index.ts";

/** All authorizers of the server, in order: `system:masters`, then nodes, then roles. */
export interface ServerAuthorizer extends Authorizer {
  readonly rbac: RbacIndex;
  close(): void;
}

export function createAuthorizer(feed: ObjectFeed): ServerAuthorizer {
  const node = nodeAuthorizer(feed);
  const rbac = rbacAuthorizer(feed);
  return {
    rbac: rbac.index,
    authorize(attributes) {
      if (attributes.user.groups.includes("system:masters")) return master;
      const byNode = node.authorize(attributes);
      if (byNode.verdict !== "none") return byNode;
      const byRole = rbac.authorize(attributes);
      return byRole.verdict !== "none" ? byRole : together(byNode, byRole);
    },
    close() {
      node.close();
      rbac.close();
    },
  };
}

const master: Decision = { verdict: "allow", reason: "" };

function together(first: Decision, second: Decision): Decision {
  if (!first.reason || !second.reason) return first.reason ? first : second;
  return { verdict: "none", reason: `${first.reason}, ${second.reason}` };
}

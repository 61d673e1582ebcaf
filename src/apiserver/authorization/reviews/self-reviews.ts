import {
  type PolicyRule,
  type SelfSubjectReview,
  type SelfSubjectRulesReview,
  selfSubjectReviews,
  selfSubjectRulesReviews,
} from "#api";
import { badRequest } from "#base";
import type { VirtualResource } from "../../ports.ts";
import { userInfoOf } from "../../tokens/token-review.ts";
import { nodeNameOf } from "../node/node-name.ts";
import type { RbacIndex } from "../rbac/rbac-index.ts";

/** Who am I (`kubectl auth whoami`), and what may I do (`kubectl auth can-i --list`). */
export function selfReviews(rbac: RbacIndex): VirtualResource[] {
  return [
    {
      handles: ({ resource, subresource }) =>
        resource?.resource === selfSubjectReviews.resource && !subresource,
      create: (object, { user }) => ({
        ...(object as SelfSubjectReview),
        status: { userInfo: userInfoOf(user) },
      }),
    },
    {
      handles: ({ resource, subresource }) =>
        resource?.resource === selfSubjectRulesReviews.resource && !subresource,
      create(object, { user }) {
        const review = object as SelfSubjectRulesReview;
        const { namespace } = review.spec;
        if (!namespace) throw badRequest("no namespace on request: say spec.namespace");
        const rules = rbac.rulesFor(user, namespace);
        const isNode = nodeNameOf(user) !== undefined;
        return {
          ...review,
          status: {
            resourceRules: rules.filter((rule) => rule.resources?.length).map(resourceRule),
            nonResourceRules: rules.filter((rule) => rule.nonResourceURLs?.length).map(pathRule),
            incomplete: isNode,
            ...(isNode ? { evaluationError: "node authorizer does not support user rule resolution" } : {}),
          },
        };
      },
    },
  ];
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule) {
  return {
    verbs,
    ...(apiGroups ? { apiGroups } : {}),
    ...(resources ? { resources } : {}),
    ...(resourceNames?.length ? { resourceNames } : {}),
  };
}

function pathRule({ verbs, nonResourceURLs }: PolicyRule) {
  return { verbs, ...(nonResourceURLs ? { nonResourceURLs } : {}) };
}

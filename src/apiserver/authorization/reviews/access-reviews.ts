import {
  type LocalSubjectAccessReview,
  localSubjectAccessReviews,
  type NonResourceAttributes,
  type Resource,
  type ResourceAttributes,
  type SelfSubjectAccessReview,
  type SubjectAccessReview,
  type SubjectAccessReviewStatus,
  selfSubjectAccessReviews,
  subjectAccessReviews,
} from "#api";
import { badRequest, invalid } from "#base";
import type { Authorizer, RequestAttributes, User, VirtualResource } from "../../ports.ts";

/** May I? May they? May they here? `kubectl auth can-i` asks the first. */
export function accessReviews(authorizer: Authorizer): VirtualResource[] {
  return [
    {
      handles: answers(selfSubjectAccessReviews),
      create(object, { user }) {
        const review = object as SelfSubjectAccessReview;
        return { ...review, status: decide(authorizer, user, review.spec) };
      },
    },
    {
      handles: answers(subjectAccessReviews),
      create(object) {
        const review = object as SubjectAccessReview;
        return { ...review, status: decide(authorizer, subjectOf(review), review.spec) };
      },
    },
    {
      handles: answers(localSubjectAccessReviews),
      create(object, { namespace }) {
        const review = object as LocalSubjectAccessReview;
        if (review.spec.resourceAttributes?.namespace !== namespace) throw wrongNamespace(review, namespace);
        return { ...review, status: decide(authorizer, subjectOf(review), review.spec) };
      },
    },
  ];
}

function answers(kind: Resource): VirtualResource["handles"] {
  return ({ resource, subresource }) => resource?.resource === kind.resource && !subresource;
}

interface Question {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: NonResourceAttributes;
}

function decide(authorizer: Authorizer, user: User, question: Question): SubjectAccessReviewStatus {
  const { verdict, reason } = authorizer.authorize(attributesOf(user, question));
  return {
    allowed: verdict === "allow",
    ...(verdict === "deny" ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
  };
}

function attributesOf(user: User, question: Question): RequestAttributes {
  const { resourceAttributes: asked, nonResourceAttributes: path } = question;
  if (Boolean(asked) === Boolean(path)) {
    throw badRequest("an access review asks about either resourceAttributes or nonResourceAttributes");
  }
  if (!asked) return { user, verb: path?.verb ?? "", path: path?.path ?? "" };
  const { verb = "", group = "", version = "", resource = "", subresource, namespace, name } = asked;
  return {
    user,
    verb,
    path: "",
    resource: namedResource(group, version, resource),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(subresource ? { subresource } : {}),
  };
}

/** What is asked about need not exist: `*`, or a kind that is not installed. */
function namedResource(group: string, version: string, resource: string): Resource {
  return {
    group,
    version,
    kind: resource,
    resource,
    singular: resource,
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: [],
    subresources: [],
  };
}

function subjectOf(review: SubjectAccessReview | LocalSubjectAccessReview): User {
  const { user = "", groups = [], uid, extra } = review.spec;
  if (!user && groups.length === 0) throw badRequest("an access review names a user or groups");
  return { name: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

function wrongNamespace(review: LocalSubjectAccessReview, namespace: string | undefined) {
  const { resource, group } = localSubjectAccessReviews;
  return invalid({ resource, group, kind: "LocalSubjectAccessReview", name: review.metadata?.name ?? "" }, [
    {
      reason: "FieldValueInvalid",
      field: "spec.resourceAttributes.namespace",
      message: `Invalid value: "${review.spec.resourceAttributes?.namespace ?? ""}": must match metadata.namespace "${namespace}"`,
    },
  ]);
}

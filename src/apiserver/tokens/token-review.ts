import { type TokenReview, type TokenReviewStatus, tokenReviews, type UserInfo } from "#api";
import { ApiError } from "#base";
import type { User, VirtualResource } from "../ports.ts";
import type { TokenAuthenticator } from "./token-authenticator.ts";

/** `POST tokenreviews`: lets a service ask whose token it was shown. */
export function tokenReviewResource(tokens: TokenAuthenticator, apiAudience: string): VirtualResource {
  return {
    handles: ({ resource, subresource }) => resource?.resource === tokenReviews.resource && !subresource,
    async create(object) {
      const review = object as TokenReview;
      const asked = review.spec.audiences?.length ? review.spec.audiences : [apiAudience];
      return { ...review, status: await answer(tokens, review.spec.token ?? "", asked) };
    },
  };
}

/** A user as `authentication.k8s.io/v1` writes it. */
export function userInfoOf(user: User): UserInfo {
  return {
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: [...user.groups],
    ...(user.extra ? { extra: mutable(user.extra) } : {}),
  };
}

async function answer(
  tokens: TokenAuthenticator,
  token: string,
  audiences: readonly string[],
): Promise<TokenReviewStatus> {
  try {
    const verified = await tokens.authenticate(token, audiences);
    if (!verified) return { authenticated: false, user: {}, error: "the token is not one of this cluster's" };
    return { authenticated: true, user: userInfoOf(verified.user), audiences: [...verified.audiences] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return {
      authenticated: false,
      user: {},
      error: "the token is expired, meant for another audience, or what it is bound to is gone",
    };
  }
}

function mutable(extra: NonNullable<User["extra"]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
}

import { type Clock, unauthorized } from "#base";
import type { ObjectReader, User } from "../ports.ts";
import { invalidatedBy } from "./bound-objects.ts";
import { type TokenClaims, userOf } from "./claims.ts";
import { clockToleranceSeconds, rememberedTokens } from "./limits.ts";
import type { TokenIssuer } from "./token-issuer.ts";

/** Verifies bearer tokens, for requests and for token reviews. */
export interface TokenAuthenticator {
  /**
   * Who holds the token, if it is meant for one of `audiences`. Undefined when it is not a token of ours; throws
   * Unauthorized when it is but does not hold. The signature is verified once per token; expiry and what the token is
   * bound to, on every call. The same token gives the same `User` object.
   */
  authenticate(
    token: string,
    audiences: readonly string[],
  ): VerifiedToken | undefined | Promise<VerifiedToken | undefined>;
}

export interface VerifiedToken {
  readonly user: User;
  /** Those of the asked-for audiences that the token is meant for. */
  readonly audiences: readonly string[];
}

export function tokenAuthenticator(options: {
  readonly issuer: TokenIssuer;
  readonly read: ObjectReader;
  readonly clock: Clock;
}): TokenAuthenticator {
  const { issuer, read, clock } = options;
  /** In order of verification. Only tokens whose signature holds are here. */
  const verified = new Map<string, Verified>();

  const check = ({ claims, user }: Verified, audiences: readonly string[]): VerifiedToken => {
    const late = clock.now() / 1000 > claims.exp + clockToleranceSeconds;
    const common = [claims.aud].flat().filter((audience) => audiences.includes(audience));
    if (late || common.length === 0 || invalidatedBy(claims, read)) throw unauthorized();
    return { user, audiences: common };
  };

  const verify = async (token: string, audiences: readonly string[]): Promise<VerifiedToken> => {
    const claims = await issuer.verify(token);
    const entry = verified.get(token) ?? { claims, user: userOf(claims) };
    verified.set(token, entry);
    if (verified.size > rememberedTokens) forgetOldest(verified);
    return check(entry, audiences);
  };

  return {
    authenticate(token, audiences) {
      const known = verified.get(token);
      if (known) return check(known, audiences);
      return issuer.isOurs(token) ? verify(token, audiences) : undefined;
    },
  };
}

interface Verified {
  readonly claims: TokenClaims;
  readonly user: User;
}

function forgetOldest(tokens: Map<string, Verified>): void {
  const oldest = tokens.keys().next();
  if (!oldest.done) tokens.delete(oldest.value);
}

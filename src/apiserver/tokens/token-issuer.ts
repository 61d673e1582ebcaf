import type { JWK } from "jose";
import { type Clock, type Random, unauthorized } from "#base";
import type { TokenClaims } from "./claims.ts";
import { clockToleranceSeconds, maxTokenLength } from "./limits.ts";
import type { SigningKey } from "./signing-key.ts";

/** Signs and verifies service-account tokens. Whether what they are bound to still exists is `bound-objects.ts`. */
export interface TokenIssuer {
  /** The `iss` of our tokens, and the audience that the API server itself accepts. */
  readonly issuer: string;
  sign(claims: UnsignedClaims, expirationSeconds: number): Promise<{ token: string; claims: TokenClaims }>;
  /** Whether a token claims to be ours, by its issuer, before anything is verified. */
  isOurs(token: string): boolean;
  /** Throws Unauthorized when signature, issuer or times do not hold. Audiences are the caller's to check. */
  verify(token: string): Promise<TokenClaims>;
  /** Public keys as RFC 7517 JWKS. */
  keys(): Promise<{ keys: readonly JWK[] }>;
}

export type UnsignedClaims = Pick<TokenClaims, "sub" | "aud" | "kubernetes.io">;

/** `jose` is loaded with the first token: a start does not wait for it. */
export function tokenIssuer(options: {
  readonly key: SigningKey;
  readonly issuer: string;
  readonly clock: Clock;
  readonly random: Random;
}): TokenIssuer {
  const { key, issuer, clock, random } = options;
  let loading: ReturnType<typeof load> | undefined;
  const ready = () => {
    loading ??= load(key);
    return loading;
  };
  return {
    issuer,
    async sign(unsigned, expirationSeconds) {
      const { jose, jwk } = await ready();
      const now = Math.floor(clock.now() / 1000);
      const times = { iat: now, nbf: now, exp: now + expirationSeconds };
      const claims: TokenClaims = { iss: issuer, ...unsigned, ...times, jti: random.uuid() };
      const token = await new jose.SignJWT({ ...claims, aud: [...[claims.aud].flat()] as string[] })
        .setProtectedHeader({ alg: "ES256", kid: jwk.kid as string })
        .sign(key.privateKey);
      return { token, claims };
    },
    isOurs: (token) => token.length <= maxTokenLength && unverifiedIssuer(token) === issuer,
    async verify(token) {
      const { jose } = await ready();
      try {
        const { payload } = await jose.jwtVerify(token, key.publicKey, {
          issuer,
          algorithms: ["ES256"],
          clockTolerance: clockToleranceSeconds,
          currentDate: new Date(clock.now()),
          requiredClaims: ["exp", "nbf", "sub", "aud", "kubernetes.io"],
        });
        return payload as unknown as TokenClaims;
      } catch {
        throw unauthorized();
      }
    },
    async keys() {
      return { keys: [(await ready()).jwk] };
    },
  };
}

async function load(key: SigningKey): Promise<{ jose: typeof import("jose"); jwk: JWK }> {
  const jose = await import("jose");
  const jwk = await jose.exportJWK(key.publicKey);
  const kid = await jose.calculateJwkThumbprint(jwk);
  return { jose, jwk: { ...jwk, kid, use: "sig", alg: "ES256" } };
}

function unverifiedIssuer(token: string): unknown {
  const payload = token.split(".")[1];
  if (!payload) return undefined;
  try {
    return (JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { iss?: unknown }).iss;
  } catch {
    return undefined;
  }
}

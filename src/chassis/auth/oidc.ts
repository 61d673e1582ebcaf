import type { JWTPayload } from "jose";
import { assert, type Clock, type Logger, messageOf, silentLogger, systemClock } from "#base";
import { problem } from "../http/problem.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { limits } from "./limits.ts";
import type { Authenticator, Principal } from "./principal.ts";

export interface OidcOptions {
  /** As the tokens name it, and where /.well-known/openid-configuration is found: `https://login.example.com/realms/shop`. */
  readonly issuer: string;
  /** Whom a token must be made for: it names one of these, among others or alone. */
  readonly audience: string | readonly string[];
  /** How long an unknown key is not asked for after keys were. */
  readonly keyCooldownMs?: number;
  /** Is told when the issuer's keys cannot be read anew. The service's own is `context.logger`. */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What can be verified with a public key: a shared secret would let each service make tokens for all others. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/**
 * Verifies bearer tokens (JWT, RFC 9068) of an OpenID Connect issuer. Its keys are found by discovery, kept, and asked for anew when a token names one
 * that is not known: an issuer may rotate them at any time, and be away for a while.
 */
export function oidc({
  issuer,
  audience,
  keyCooldownMs = limits.keyCooldownMs,
  logger = silentLogger,
  clock = systemClock,
}: OidcOptions): Authenticator {
  const audiences = [audience].flat();
  assert(
    audiences.length > 0 && !audiences.includes(""),
    "tokens for everybody are for nobody: an audience is needed",
  );
  const keys = new IssuerKeys({ issuer, keyCooldownMs, clock, logger });

  return {
    async authenticate(authorization) {
      const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? "")?.[1];
      if (!token)
        throw unauthorized("a bearer token is needed", authorization === undefined ? "" : "invalid_request");
      const [{ jwtVerify }, findKey] = await Promise.all([import("jose"), keys.find().catch(unavailable)]);
      const checks = {
        issuer,
        audience: audiences,
        algorithms,
        clockTolerance: limits.clockToleranceSeconds,
        requiredClaims: ["sub", "exp"],
      };
      const { payload } = await jwtVerify(token, findKey, checks).catch((error) => {
        if (isAboutKeys(error)) unavailable(error);
        throw unauthorized(`the token is not accepted: ${messageOf(error)}`, "invalid_token");
      });
      return principalOf(payload);
    },
  };
}

function unavailable(cause: unknown): never {
  throw problem(503, "who asks cannot be found out now", { cause, headers: { "retry-after": "5" } });
}

/** That the issuer could not be asked is not the caller's fault. A key that it does not have, is. */
function isAboutKeys(error: unknown): boolean {
  const { code } = error as { code?: string };
  return (
    code === "ERR_JWKS_TIMEOUT" ||
    code === "ERR_JOSE_GENERIC" ||
    code === "ERR_JWKS_INVALID" ||
    error instanceof TypeError
  );
}

function unauthorized(detail: string, error: string): Error {
  const challenge = error === "" ? "Bearer" : `Bearer error="${error}"`;
  return problem(401, detail, { headers: { "www-authenticate": challenge } });
}

function principalOf(claims: JWTPayload): Principal {
  const { sub, iss, scope = claims.scp } = claims;
  const scopes = typeof scope === "string" ? scope.split(" ") : Array.isArray(scope) ? scope.map(String) : [];
  return { subject: sub as string, issuer: iss as string, scopes: new Set(scopes), claims };
}

import type { JWTVerifyGetKey } from "jose";
import type { Clock, Logger } from "#base";
import { limits } from "./limits.ts";

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly keyCooldownMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The keys of an issuer, found by discovery. They are asked for anew from time to time, and by `jose` when a token names one that is not known. An issuer that
 * is away takes nobody with it: its keys go on counting for a day.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #known: { readonly find: JWTVerifyGetKey; readonly sinceMs: number } | undefined;
  #asking: Promise<JWTVerifyGetKey> | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** When the issuer has answered last, or has not. */
  #settledMs = Number.NEGATIVE_INFINITY;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** What finds the key of a token. Rejects when the issuer has to be asked for it and does not answer. */
  async find(): Promise<JWTVerifyGetKey> {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#known;
    if (!known || nowMs - known.sinceMs > limits.keyTrustMs) return this.#ask(nowMs);
    if (nowMs - known.sinceMs <= limits.keyAgeMs) return known.find;
    if (nowMs - this.#askedMs > limits.keyRetryMs) this.#refresh(nowMs);
    // Where there is always somebody who asks, nobody waits for that. After hours of silence a key may have been withdrawn for as long.
    const isLongAgo = nowMs - this.#settledMs > limits.keyAgeMs + limits.keyRetryMs;
    return (isLongAgo && (await this.#asking?.catch(() => undefined))) || known.find;
  }

  /** For all who need it meanwhile it is asked once. */
  #ask(nowMs: number): Promise<JWTVerifyGetKey> {
    this.#askedMs = nowMs;
    this.#asking ??= discover(this.#options)
      .then((find) => {
        this.#known = { find, sinceMs: nowMs };
        return find;
      })
      .finally(() => {
        this.#asking = undefined;
        this.#settledMs = this.#options.clock.monotonicMs();
      });
    return this.#asking;
  }

  #refresh(nowMs: number): void {
    const { issuer, logger } = this.#options;
    this.#ask(nowMs).catch((error) =>
      logger.warn("an issuer's keys cannot be read anew: those that are known go on counting", {
        issuer,
        error,
      }),
    );
  }
}

async function discover({ issuer, keyCooldownMs }: IssuerKeysOptions): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet } = await import("jose");
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answered = await fetch(url, { signal: AbortSignal.timeout(limits.issuerMs) });
  if (!answered.ok) throw new Error(`${url} was answered ${answered.status}`);
  const { issuer: named, jwks_uri: keysUrl } = (await answered.json()) as {
    issuer?: string;
    jwks_uri?: string;
  };
  if (named !== issuer || !keysUrl) throw new Error(`${url} is about the issuer ${named}, or names no keys`);
  const keys = createRemoteJWKSet(new URL(keysUrl), {
    cooldownDuration: keyCooldownMs,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    timeoutDuration: limits.issuerMs,
  });
  await keys.reload();
  return keys;
}

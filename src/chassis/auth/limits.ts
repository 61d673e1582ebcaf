/** What finding out who asks bounds. */
export const limits = {
  /** After keys were asked for, unknown ones are not asked for again so soon: else tokens made up by a caller would have us ask with each request. */
  keyCooldownMs: 5000,
  /** How long an issuer's keys are used without asking again, in case one was withdrawn. */
  keyAgeMs: 600_000,
  /** How soon an issuer that did not answer then is asked again. */
  keyRetryMs: 5_000,
  /** How long its keys go on counting while it does not answer. An outage is mended in a day, and a key that has leaked is not kept from being withdrawn for longer. */
  keyTrustMs: 86_400_000,
  /** An answer of an issuer. */
  issuerMs: 5000,
  /** How far an issuer's clock may be from ours. */
  clockToleranceSeconds: 5,
} as const;

/** Who asks, as a token that was verified says. */
export interface Principal {
  /** The `sub` claim: the same person or program always, unique with its issuer. */
  readonly subject: string;
  readonly issuer: string;
  /** What the bearer may do: the `scope` claim (RFC 8693), or `scp` where an issuer calls it so. */
  readonly scopes: ReadonlySet<string>;
  /** All claims, as they were signed. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Finds out who asks. */
export interface Authenticator {
  /** `authorization` is the header as it came. Throws a problem: 401 when it does not say who asks, 503 when that cannot be found out now. */
  authenticate(authorization: string | undefined): Promise<Principal>;
}

/** What a caller must be allowed for a route to answer. */
export interface Access {
  /** All of these; none: anybody who says who they are. */
  readonly scopes?: readonly string[];
  /** A finer rule, given the parameters of the path. What it answers, if anything, is why not. */
  readonly policy?: (principal: Principal, params: Readonly<Record<string, string>>) => string | undefined;
}

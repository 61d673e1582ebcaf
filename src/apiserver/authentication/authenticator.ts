import { unauthorized } from "#base";
import type { Authenticator, Credentials, User } from "../ports.ts";
import type { TokenAuthenticator } from "../tokens/token-authenticator.ts";
import { rememberedCertificateUsers } from "./limits.ts";

/** Client certificates first, then bearer tokens. No credentials at all: undefined; the pipeline asks `anonymousFor`. */
export function createAuthenticator(options: {
  readonly tokens: TokenAuthenticator;
  /** What a token must be meant for to be good here: the issuer of our own tokens. */
  readonly audience: string;
}): Authenticator {
  const { tokens } = options;
  const audiences = [options.audience];
  const certificateUser = certificateUsers();
  return {
    authenticate({ certificate, bearerToken }) {
      if (certificate) return certificateUser(certificate);
      if (bearerToken === undefined) return undefined;
      const verified = tokens.authenticate(bearerToken, audiences);
      if (verified instanceof Promise) return verified.then((token) => accepted(token?.user));
      return accepted(verified?.user);
    },
  };
}

/** Who asks without credentials: nobody, except where the health of the server is all there is to learn. */
export function anonymousFor(path: string): User | undefined {
  return healthPaths.some((open) => path === open || path.startsWith(`${open}/`)) ? anonymous : undefined;
}

const healthPaths = ["/healthz", "/livez", "/readyz"];

const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

function accepted(user: User | undefined): User {
  if (!user) throw unauthorized();
  return user;
}

type Certificate = NonNullable<Credentials["certificate"]>;

/** CN → name, O → groups. The same subject gives the same `User` object, which authorization remembers grants by. */
function certificateUsers(): (certificate: Certificate) => User {
  const users = new Map<string, User>();
  /** A connection's certificate is read once: most requests have one that was seen. */
  const seen = new WeakMap<Certificate, User>();
  const userOf = ({ commonName, organizations }: Certificate) => {
    if (!commonName) throw unauthorized();
    const key = JSON.stringify([commonName, organizations]);
    const known = users.get(key);
    if (known) return known;
    if (users.size >= rememberedCertificateUsers) users.clear();
    const user: User = { name: commonName, groups: [...organizations, "system:authenticated"] };
    users.set(key, user);
    return user;
  };
  return (certificate) => {
    const known = seen.get(certificate);
    if (known) return known;
    const user = userOf(certificate);
    seen.set(certificate, user);
    return user;
  };
}

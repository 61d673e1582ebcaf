import type { StreamHandler } from "../ports.ts";
import type { TokenIssuer } from "./token-issuer.ts";

const configurationPath = "/.well-known/openid-configuration";
const keysPath = "/openid/v1/jwks";

/** Lets others verify our tokens by themselves: OpenID Connect Discovery 1.0, the part that concerns keys. */
export function tokenDiscovery(issuer: TokenIssuer): StreamHandler {
  return {
    handles: ({ path, resource }) => !resource && (path === configurationPath || path === keysPath),
    async serve({ attributes }, response) {
      const keys = attributes.path === keysPath;
      const document = keys ? await issuer.keys() : configuration(issuer.issuer);
      response.writeHead(200, {
        "content-type": keys ? "application/jwk-set+json" : "application/json",
        "cache-control": "public, max-age=3600",
      });
      response.end(JSON.stringify(document));
    },
  };
}

function configuration(issuer: string): object {
  return {
    issuer,
    jwks_uri: `${issuer}${keysPath}`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  };
}

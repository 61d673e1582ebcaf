export { authorize } from "./authorize.ts";
export { type OidcOptions, oidc } from "./oidc.ts";
export type { Access, Authenticator, Principal } from "./principal.ts";

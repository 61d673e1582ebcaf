import { type Settings, setting } from "../config/mod.ts";

/** What every service can be told, besides its own settings. */
export const ownSettings = {
  host: setting.string({ default: "0.0.0.0", description: "the address to listen on" }),
  port: setting.integer({
    min: 0,
    max: 65_535,
    default: 8080,
    description: "the port to listen on; 0 takes a free one",
  }),
  managementPort: setting.optional(
    setting.integer({
      min: 0,
      max: 65_535,
      description: "the port for health, metrics and the OpenAPI document; absent: that of the routes",
    }),
  ),
  logLevel: setting.oneOf(["debug", "info", "warn", "error"], {
    default: "info",
    description: "the least important lines to log",
  }),
  trustedProxies: setting.addresses({
    default: [],
    description:
      "the addresses of the proxies that are believed when they say in X-Forwarded-For who has asked them",
  }),
  drainDelayMs: setting.durationMs({
    default: 5000,
    description:
      "how long it goes on taking connections after SIGTERM, until others have heard that it is not ready and have let go of connections that they do not use",
  }),
  drainLimitMs: setting.durationMs({
    default: 20_000,
    description:
      "how long requests may take to finish after that; both together stay below Kubernetes' 30 s before it kills",
  }),
} satisfies Settings;

export type OwnSettings = typeof ownSettings;

/** The directories with a file per setting, as Kubernetes mounts them: CONFIG_DIRECTORIES=/etc/shop:/etc/shop-secrets. A later one wins. */
export function configDirectories(environment: Readonly<Record<string, string | undefined>>): string[] {
  return (environment.CONFIG_DIRECTORIES ?? "").split(":").filter((directory) => directory !== "");
}

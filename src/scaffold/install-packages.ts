import type { Host } from "#host";
import { limits } from "./limits.ts";

/** Installs what a folder's `package.json` names; what npm has in its cache already is not asked for again. */
export async function installPackages(
  host: Host,
  directory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await host.run({
    program: "npm",
    // Of the Node that npm runs on it need not complain: the packages bring their own.
    arguments: ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"],
    directory,
    timeoutMs: limits.installMs,
    ...options,
  });
}

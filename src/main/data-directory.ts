import { ApiError } from "#base";
import type { Layout } from "#cluster";
import type { Host } from "#host";

/** Throws unless a cluster can be made in a data directory: it is the cluster's alone, which removes it with all that is in it. */
export async function requireEmptyData(host: Host, { data }: Layout): Promise<void> {
  // A disk of its own may bring this along.
  const others = (await host.files.list(data)).filter((name) => name !== "lost+found");
  if (others.length === 0) return;
  const some = `${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}`;
  throw new ApiError(
    "Conflict",
    `cannot make a cluster in ${data}: there is no cluster in it, but ${some}; choose another folder with --data DIR, or empty this one`,
  );
}

/** Throws when a cluster's keys are gone: new ones would come up just as well, and could open none of the Secrets that are stored. */
export async function requireKeys(host: Host, layout: Layout): Promise<void> {
  const hasObjects = await host.files.exists(`${layout.store}/store.db`);
  if (!hasObjects || (await host.files.exists(`${layout.pki}/encryption.json`))) return;
  throw new ApiError(
    "InternalError",
    `cannot start the cluster: the keys of its Secrets are gone with ${layout.pki}; restore that folder from a backup, or start anew: nacre down --purge`,
  );
}

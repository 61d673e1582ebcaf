import type { Job } from "#api";

/** When a finished job is to go, milliseconds since the epoch; undefined: it stays, or has not finished. */
export function expiresAtMs({ metadata, spec, status }: Job): number | undefined {
  const end = status?.conditions?.find(
    ({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True",
  );
  const { ttlSecondsAfterFinished } = spec ?? {};
  if (!end || ttlSecondsAfterFinished === undefined || metadata?.deletionTimestamp) return undefined;
  return Date.parse(end.lastTransitionTime ?? "") + ttlSecondsAfterFinished * 1000;
}

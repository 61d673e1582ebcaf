import type { ListOptions, WatchOptions, WriteOptions } from "./client.ts";

/** The query of a list: empty, or with its question mark. */
export function listQuery(options: ListOptions = {}): string {
  return encoded(selection(options));
}

export function watchQuery(options: WatchOptions = {}): string {
  return encoded({
    watch: "true",
    ...selection(options),
    allowWatchBookmarks: options.allowWatchBookmarks ? "true" : undefined,
    sendInitialEvents: options.sendInitialEvents === undefined ? undefined : `${options.sendInitialEvents}`,
    timeoutSeconds: options.timeoutSeconds?.toString(),
  });
}

export function writeQuery(options: WriteOptions & { force?: boolean } = {}, fieldManager?: string): string {
  return encoded({
    fieldManager: options.fieldManager ?? fieldManager,
    dryRun: options.dryRun ? "All" : undefined,
    force: options.force ? "true" : undefined,
  });
}

type Parameters = Readonly<Record<string, string | undefined>>;

function selection(options: ListOptions): Parameters {
  return {
    labelSelector: options.labelSelector || undefined,
    fieldSelector: options.fieldSelector || undefined,
    limit: options.limit?.toString(),
    continue: options.continue,
    resourceVersion: options.resourceVersion,
    resourceVersionMatch: options.resourceVersionMatch,
  };
}

function encoded(parameters: Parameters): string {
  let query = "";
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query += `${query ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
  }
  return query;
}

import { must } from "#base";
import type { Host } from "#host";
import type { Leases } from "./leases.ts";

/** A directory on the store's file system for what is not yet whole. */
export interface Staging {
  readonly directory: string;
  /** Keeps content that is here already from collection while this work lasts. */
  keep(content: { images: readonly string[]; layers: readonly string[] }): Promise<void>;
}

let count = 0;

/** Gives `work` a staging directory under a lease; both go with it, or are collected when this process dies over it. */
export async function withStaging<T>(
  parts: { host: Host; directory: string; leases: Leases },
  work: (staging: Staging) => Promise<T>,
): Promise<T> {
  const { host, leases } = parts;
  const startTime = must(await host.startTime(process.pid), "this process runs");
  count += 1;
  const name = `staging-${process.pid}-${startTime}-${count}`;
  const directory = `${parts.directory}/staging/${name}`;
  const keep: Staging["keep"] = (content) =>
    leases.write(name, { formatVersion: 1, ...content, holder: { pid: process.pid, startTime } });
  try {
    await keep({ images: [], layers: [] });
    await host.files.makeDirectory(directory, { mode: 0o700 });
    return await work({ directory, keep });
  } finally {
    await host.files.remove(directory);
    await leases.release(name);
  }
}

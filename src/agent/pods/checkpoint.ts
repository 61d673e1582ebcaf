import type { Pod } from "#api";
import { type Logger, messageOf } from "#base";
import type { Host } from "#host";
import type { Layout } from "../layout.ts";

/** The pods bound to this node, on disk: what the agent goes by when it starts while the API is away. */
export interface Checkpoint {
  load(): Promise<Pod[]>;
  /** Writes the pod, when what has to be known of it has changed. */
  save(pod: Pod): void;
  remove(uid: string): void;
  /** Resolves when all that was asked for is on disk. */
  settled(): Promise<void>;
}

const formatVersion = 1;

interface Stored {
  readonly formatVersion: number;
  readonly pod: Pod;
}

/** One file per pod, written behind: no pod waits for it. */
export function openCheckpoint(host: Host, layout: Layout, logger: Logger): Checkpoint {
  const written = new Map<string, string>();
  let tail: Promise<void> = Promise.resolve();
  const later = (task: () => Promise<void>) => {
    tail = tail.then(task).catch((error) => logger.warn(`checkpoint: ${messageOf(error)}`));
  };
  return {
    async load() {
      const pods: Pod[] = [];
      for (const name of await host.files.list(layout.checkpoint)) {
        if (!name.endsWith(".json")) continue;
        const text = await host.files.read(`${layout.checkpoint}/${name}`);
        try {
          const stored = JSON.parse(text ?? "") as Stored;
          if (stored.formatVersion === formatVersion) pods.push(stored.pod);
        } catch (error) {
          logger.warn(`checkpoint ${name} cannot be read and is left out: ${messageOf(error)}`);
        }
      }
      return pods;
    },
    save(pod) {
      const uid = pod.metadata?.uid ?? "";
      const key = JSON.stringify([
        pod.spec,
        pod.metadata?.deletionTimestamp,
        pod.metadata?.labels,
        pod.status?.phase,
      ]);
      if (written.get(uid) === key) return;
      written.set(uid, key);
      const content = JSON.stringify({ formatVersion, pod } satisfies Stored);
      later(() => host.files.write(layout.checkpointFile(uid), content, { mode: 0o600, durable: false }));
    },
    remove(uid) {
      written.delete(uid);
      later(() => host.files.remove(layout.checkpointFile(uid)));
    },
    settled: () => tail,
  };
}

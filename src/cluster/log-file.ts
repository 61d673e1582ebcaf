import type { Clock, LogSink } from "#base";
import type { Host } from "#host";

/** A log of this size is set aside, and what was set aside before it is dropped: at most twice this per program. */
const rotateBytes = 8 * 1024 * 1024;

/** Lines kept while the disk does not take them; beyond it the oldest are dropped, and how many is written instead. */
const waitingLines = 10_000;

/**
 * Writes log lines as JSON, one a line, to a file that is rotated. Logging never waits and never fails the program: a
 * full disk costs lines, not the cluster.
 */
export function logFile(host: Host, path: string, clock: Clock): LogSink {
  let waiting: string[] = [];
  let dropped = 0;
  let sizeBytes: number | undefined;
  let writing = false;

  const flush = async () => {
    sizeBytes ??= (await host.files.stat(path))?.sizeBytes ?? 0;
    while (waiting.length > 0) {
      const text = `${waiting.join("\n")}\n`;
      waiting = [];
      if (sizeBytes > rotateBytes) {
        await host.files.rename(path, `${path}.1`);
        sizeBytes = 0;
      }
      await host.files.append(path, text);
      sizeBytes += text.length;
    }
  };

  return (level, message, fields) => {
    if (waiting.length >= waitingLines) {
      waiting.shift();
      dropped += 1;
    }
    const time = new Date(clock.now()).toISOString();
    waiting.push(JSON.stringify({ time, level, message, ...fields, ...(dropped > 0 ? { dropped } : {}) }));
    if (writing) return;
    writing = true;
    queueMicrotask(() => {
      void flush()
        .then(() => {
          dropped = 0;
        })
        .catch(() => {})
        .finally(() => {
          writing = false;
        });
    });
  };
}

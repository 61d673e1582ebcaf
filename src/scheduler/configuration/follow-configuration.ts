import { type ConfigMap, configMaps, jsonEqual } from "#api";
import type { Logger } from "#base";
import type { EventRecorder, Informers } from "#client";
import type { Profile } from "../framework/plugin.ts";
import { defaultProfile } from "../plugins/registry.ts";
import { configurationIn, configurationSource } from "./configuration-source.ts";

export interface FollowOptions {
  readonly informers: Informers;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Schedules by these profiles until the signal aborts, which it does when others are to be followed. */
  readonly schedule: (profiles: readonly Profile[], signal: AbortSignal) => Promise<void>;
}

/**
 * Has pods scheduled as the configuration says, and anew whenever it says something else. One with mistakes changes nothing: what held before
 * goes on, and an event of the ConfigMap says what is wrong.
 */
export async function followConfiguration(options: FollowOptions): Promise<void> {
  const { informers, recorder, logger, signal, schedule } = options;
  const { namespace, name } = configurationSource;
  const source = informers.of(configMaps, { namespace, fieldSelector: `metadata.name=${name}` });
  let profiles: readonly Profile[] = [defaultProfile];
  let changed = new AbortController();
  /** One after the other, the last one last. */
  let taken = Promise.resolve();
  const heard = (configMap: ConfigMap | undefined) => {
    taken = taken.then(() => take(configMap));
  };
  const take = async (configMap: ConfigMap | undefined) => {
    const read = (await configurationIn(configMap)) ?? byDefault;
    if (read.type === "profiles") {
      profiles = read.profiles;
      changed.abort();
      if (configMap) tell(configMap, "Normal", `Pods of ${namesOf(profiles)} are scheduled as it says`);
    } else if (configMap) {
      const mistakes = read.mistakes.join("; ");
      logger.error(`ConfigMap ${namespace}/${name} is no scheduler configuration: ${mistakes}`);
      tell(configMap, "Warning", `Pods are scheduled as before: ${mistakes}`);
    }
  };
  const tell = (configMap: ConfigMap, type: "Normal" | "Warning", message: string) => {
    const reason = type === "Normal" ? "Configured" : "InvalidConfiguration";
    recorder.record(configMap, { type, reason, message });
  };
  source.addHandler({
    added: heard,
    updated: (configMap, old) => {
      if (!jsonEqual(configMap.data, old.data)) heard(configMap);
    },
    deleted: () => heard(undefined),
  });
  await source.synced.catch(() => {});
  await taken;
  while (!signal.aborted) {
    changed = new AbortController();
    await schedule(profiles, AbortSignal.any([signal, changed.signal]));
  }
}

const byDefault = { type: "profiles", profiles: [defaultProfile] } as const;

function namesOf(profiles: readonly Profile[]): string {
  return profiles.map(({ schedulerName }) => schedulerName).join(", ");
}

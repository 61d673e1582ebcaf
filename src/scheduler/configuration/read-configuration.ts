import type { Profile } from "../framework/plugin.ts";
import { defaultSchedulerName } from "../limits.ts";
import { allPlugins, defaultProfile } from "../plugins/registry.ts";
import { Field } from "./field.ts";
import { readPluginOptions } from "./plugin-options.ts";
import { readPluginSets } from "./plugin-sets.ts";

/** What a configuration asks for, or all that is wrong with it, a line each. */
export type Configuration =
  | { readonly type: "profiles"; readonly profiles: readonly Profile[] }
  | { readonly type: "mistakes"; readonly mistakes: readonly string[] };

export const configurationApiVersion = "kubescheduler.config.k8s.io/v1";
export const configurationKind = "KubeSchedulerConfiguration";

/**
 * Reads the text that kube-scheduler takes as its `--config`. What it says of scheduling is meant as there; what it could say of
 * kube-scheduler's own process does not exist here, and is a mistake rather than passed over.
 */
export function readConfiguration(text: string): Configuration {
  const mistakes: string[] = [];
  const whole = Field.read(text, mistakes);
  const { apiVersion, kind, percentageOfNodesToScore, profiles } = whole.fields([
    "apiVersion",
    "kind",
    "percentageOfNodesToScore",
    "profiles",
  ]);
  if (mistakes.length === 0 && !apiVersion.oneOf([configurationApiVersion]))
    apiVersion.complain(`must be ${configurationApiVersion}`);
  if (mistakes.length === 0 && !kind.oneOf([configurationKind]))
    kind.complain(`must be ${configurationKind}`);
  const percentage = percentageOfNodesToScore.whole(0, 100) ?? 0;
  const read = profiles.items().map((profile) => readProfile(profile, percentage));
  const names = read.map(({ schedulerName }) => schedulerName);
  profiles.items().forEach((profile, at) => {
    const name = names[at] ?? "";
    if (names.indexOf(name) !== at) profile.complain(`is a second profile of scheduler ${name}`);
  });
  if (mistakes.length > 0) return { type: "mistakes", mistakes: [...new Set(mistakes)] };
  const byDefault = [{ ...defaultProfile, percentageOfNodesToScore: percentage }];
  return { type: "profiles", profiles: read.length > 0 ? read : byDefault };
}

function readProfile(profile: Field, percentage: number): Profile {
  const { schedulerName, percentageOfNodesToScore, plugins, pluginConfig } = profile.fields([
    "schedulerName",
    "percentageOfNodesToScore",
    "plugins",
    "pluginConfig",
  ]);
  return {
    schedulerName: schedulerName.text() ?? defaultSchedulerName,
    percentageOfNodesToScore: percentageOfNodesToScore.whole(0, 100) ?? percentage,
    plugins: readPluginSets(plugins, allPlugins(readPluginOptions(pluginConfig))),
  };
}

import { type ConfigMap, configMaps } from "#api";
import { isNotFound } from "#base";
import type { Client } from "#client";
import type { Configuration } from "./read-configuration.ts";

/** Where people write how the scheduler is to work: as other components of Kubernetes have theirs, in a ConfigMap. */
export const configurationSource = {
  namespace: "kube-system",
  name: "kube-scheduler",
  key: "config.yaml",
} as const;

/** What the ConfigMap says; undefined when there is none, and all is as by default: then nothing is loaded to read it. */
export async function configurationIn(configMap: ConfigMap | undefined): Promise<Configuration | undefined> {
  if (!configMap) return undefined;
  const { key } = configurationSource;
  const text = configMap.data?.[key];
  if (text !== undefined) return (await import("./read-configuration.ts")).readConfiguration(text);
  const keys = Object.keys(configMap.data ?? {}).join(", ") || "nothing";
  return { type: "mistakes", mistakes: [`the configuration belongs under ${key}; there is ${keys}`] };
}

/** Asks the API once. */
export async function currentConfiguration(
  client: Client,
  { signal }: { readonly signal: AbortSignal },
): Promise<Configuration | undefined> {
  const { namespace, name } = configurationSource;
  const found = client.resource(configMaps, namespace).get(name, { signal });
  return configurationIn(
    await found.catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    }),
  );
}

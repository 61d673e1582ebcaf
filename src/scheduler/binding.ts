import { type Pod, pods } from "#api";
import type { Client } from "#client";
import type { Placed, Profile } from "./framework/plugin.ts";

/** Carries out a decision: plugins reserve and prepare, then the pod is bound. If any of it fails, all is given back, last first. */
export async function bind(
  placed: Placed,
  {
    profile,
    client,
    signal,
  }: { readonly profile: Profile; readonly client: Client; readonly signal: AbortSignal },
): Promise<void> {
  const { plugins } = profile;
  let reserved = 0;
  try {
    for (const plugin of plugins) {
      reserved += 1;
      plugin.reserve?.(placed);
    }
    for (const plugin of plugins) await plugin.preBind?.(placed, signal);
    await postBinding(placed, { client, signal });
  } catch (error) {
    for (const plugin of plugins.slice(0, reserved).reverse()) plugin.unreserve?.(placed);
    throw error;
  }
}

async function postBinding(
  { facts, nodeName }: Placed,
  { client, signal }: { readonly client: Client; readonly signal: AbortSignal },
): Promise<void> {
  const { name = "", namespace, uid } = facts.pod.metadata ?? {};
  const target = { apiVersion: "v1", kind: "Node", name: nodeName };
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target };
  await client.resource<Pod>(pods, namespace).postSubresource(name, "binding", binding, { signal });
}

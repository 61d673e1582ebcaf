import { type Pod, runtimeClasses } from "#api";
import type { AgentContext } from "../context.ts";

/** Throws when a pod asks for another OCI runtime than this node has: none runs with less isolation than it was meant to. */
export async function requireRuntimeHandler({ client, runtime }: AgentContext, pod: Pod): Promise<void> {
  const name = pod.spec?.runtimeClassName;
  if (!name) return;
  const { handler } = await client.resource(runtimeClasses).get(name);
  const own = await runtime.version();
  if (handler === own.name) return;
  throw new Error(
    `no runtime for "${handler}", which RuntimeClass "${name}" names: this node has ${own.name}`,
  );
}

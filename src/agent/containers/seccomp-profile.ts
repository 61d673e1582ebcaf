import type { Container, Pod, SeccompProfile as Wish } from "#api";
import type { SeccompProfile } from "#runtime";
import type { AgentContext } from "../context.ts";
import { ContainerFault } from "../pods/fault.ts";

/** What a container asks for: its own wish over the pod's. */
export function seccompWish(pod: Pod, container: Container): Wish | undefined {
  return container.securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile;
}

/**
 * The profile of the machine's own that a container asks for (`type: Localhost`): a file of the OCI runtime specification's
 * `linux.seccomp`, below the agent's `seccomp` directory. Throws CreateContainerError when it cannot be had: nothing runs
 * without the filter that it was to run with.
 */
export async function localSeccompProfile(
  { host, layout }: Pick<AgentContext, "host" | "layout">,
  pod: Pod,
  container: Container,
): Promise<SeccompProfile | undefined> {
  const wish = seccompWish(pod, container);
  if (wish?.type !== "Localhost") return undefined;
  const path = `${layout.seccomp}/${wish.localhostProfile}`;
  const refused = (why: string, cause?: unknown) =>
    new ContainerFault("CreateContainerError", `cannot load seccomp profile "${path}": ${why}`, cause);
  const text = await host.files.read(path);
  if (text === undefined) throw refused("no such file");
  try {
    const profile: unknown = JSON.parse(text);
    if (typeof profile === "object" && profile && "defaultAction" in profile)
      return profile as SeccompProfile;
  } catch (cause) {
    throw refused("it is not JSON", cause);
  }
  throw refused("it has no defaultAction");
}

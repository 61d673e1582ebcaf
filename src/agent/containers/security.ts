import type { Container, Pod, PodSpec } from "#api";
import type { ContainerSecurity, ImageConfig, SeccompProfile } from "#runtime";
import { ContainerFault } from "../pods/fault.ts";
import { seccompWish } from "./seccomp-profile.ts";

/**
 * What a container may do: its own security context over the pod's. `profile` is the machine's own filter, when the
 * container asks for one. Throws CreateContainerConfigError, or CreateContainerError for a wall that this node does not build. Pure.
 */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: ImageConfig,
  profile: SeccompProfile | undefined,
): ContainerSecurity {
  // Refused with its pod already; one that was added to a pod that runs comes this far.
  if (asksForAppArmor(container)) throw new ContainerFault("CreateContainerError", noAppArmor);
  const forPod = pod.spec?.securityContext;
  const own = container.securityContext;
  const runAsUser = own?.runAsUser ?? forPod?.runAsUser;
  const runAsGroup = own?.runAsGroup ?? forPod?.runAsGroup;
  const runAsNonRoot = own?.runAsNonRoot ?? forPod?.runAsNonRoot ?? false;
  if (runAsNonRoot) assertNotRoot(container.name, runAsUser, image.user);
  const privileged = own?.privileged ?? false;
  const groups = [
    ...(forPod?.supplementalGroups ?? []),
    ...(forPod?.fsGroup === undefined ? [] : [forPod.fsGroup]),
  ];
  return {
    privileged,
    ...(runAsUser === undefined ? {} : { user: String(runAsUser) }),
    ...(runAsGroup === undefined ? {} : { group: runAsGroup }),
    supplementalGroups: [...new Set(groups)],
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem ?? false,
    allowPrivilegeEscalation: privileged || (own?.allowPrivilegeEscalation ?? true),
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    seccomp:
      profile ?? (seccompWish(pod, container)?.type === "RuntimeDefault" ? "RuntimeDefault" : "Unconfined"),
    runAsNonRoot,
  };
}

/** Of a wall that somebody asks for and this node does not build, they must not believe that it is there. */
export function asksForAppArmor(part: PodSpec | Container | undefined): boolean {
  const type = part?.securityContext?.appArmorProfile?.type;
  return type !== undefined && type !== "Unconfined";
}

export const noAppArmor = "Cannot enforce AppArmor: this node applies no AppArmor profiles";

function assertNotRoot(name: string, user: number | undefined, imageUser: string): void {
  if (user !== undefined) {
    if (user !== 0) return;
    throw new ContainerFault(
      "CreateContainerConfigError",
      `container's runAsUser breaks non-root policy (container: ${name})`,
    );
  }
  const named = imageUser.split(":")[0] ?? "";
  if (named === "" || named === "0" || named === "root") {
    throw new ContainerFault(
      "CreateContainerConfigError",
      `container has runAsNonRoot and image will run as root (container: ${name})`,
    );
  }
  if (!/^\d+$/.test(named)) {
    throw new ContainerFault(
      "CreateContainerConfigError",
      `container has runAsNonRoot and image has non-numeric user (${named}), cannot verify user is non-root (container: ${name})`,
    );
  }
}

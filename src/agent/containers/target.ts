import type { Container, Pod } from "#api";
import { containersOf } from "../pods/containers.ts";
import { ContainerFault } from "../pods/fault.ts";

/**
 * The container, by id, whose processes an ephemeral container is there to look at; undefined when it names none, or sees all of the pod's
 * anyway. Throws CreateContainerConfigError while that container does not run.
 */
export function targetOf(
  pod: Pod,
  container: Container,
  runningId: (container: string) => string | undefined,
): string | undefined {
  const { ephemeral } = containersOf(pod);
  const name = ephemeral.find((one) => one.name === container.name)?.targetContainerName;
  if (!name || pod.spec?.hostPID || pod.spec?.shareProcessNamespace) return undefined;
  const id = runningId(name);
  if (id !== undefined) return id;
  throw new ContainerFault("CreateContainerConfigError", `unable to find target container ${name}`);
}

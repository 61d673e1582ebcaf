import type { Container, Pod } from "#api";
import type { ContainerMount, ContainerSpec, ImageContent, SeccompProfile } from "#runtime";
import { expand } from "../environment/expand.ts";
import type { Variable } from "../environment/service-variables.ts";
import { graceMsOf } from "../pods/grace.ts";
import { containerResources, oomScoreAdjustment } from "./resources.ts";
import { containerSecurity } from "./security.ts";

/** Annotations under which a container carries what a new agent needs to adopt it. */
export const adoption = {
  /** The image as the pod named it. */
  image: "nacre/image",
  /** Its full name, for the status. */
  imageName: "nacre/image-name",
  /** Crash back-off in milliseconds that applies should it end. */
  backOffMs: "nacre/back-off-ms",
  /** Milliseconds between the stop signal and SIGKILL, for those who end it without the agent. */
  graceMs: "nacre/grace-ms",
  /** Host path of the file with the termination message. */
  terminationMessage: "nacre/termination-message",
  /** How to fall back when that is empty. */
  terminationPolicy: "nacre/termination-policy",
} as const;

export interface ContainerParts {
  readonly id: string;
  readonly attempt: number;
  readonly image: ImageContent;
  readonly environment: readonly Variable[];
  readonly mounts: readonly ContainerMount[];
  readonly seccomp: SeccompProfile | undefined;
  readonly logPath: string;
  readonly backOffMs: number;
  readonly imageName: string;
  /** Of the node, for the OOM score. */
  readonly memoryCapacityBytes: number;
  /** Of an ephemeral container: whose processes it sees. */
  readonly processesOf?: string | undefined;
}

/** What the runtime is asked to create for a container of a pod. Throws CreateContainerConfigError. Pure. */
export function containerSpec(pod: Pod, container: Container, parts: ContainerParts): ContainerSpec {
  const values = new Map(parts.environment.map(({ name, value }) => [name, value]));
  const expanded = (words: readonly string[]) =>
    words.map((word) => expand(word, (name) => values.get(name)));
  const { command, args, workingDir } = container;
  const hasCommand = command !== undefined && command.length > 0;
  const stopSignal = container.lifecycle?.stopSignal;
  const message = parts.mounts.find((mount) => mount.containerPath === terminationPath(container));
  return {
    id: parts.id,
    sandboxId: pod.metadata?.uid ?? "",
    name: container.name,
    attempt: parts.attempt,
    image: parts.image.id,
    ...(hasCommand ? { command: expanded(command) } : {}),
    // A command of its own drops the image's arguments too.
    ...(args && args.length > 0 ? { arguments: expanded(args) } : hasCommand ? { arguments: [] } : {}),
    ...(workingDir ? { workingDirectory: workingDir } : {}),
    environment: parts.environment,
    mounts: parts.mounts,
    resources: containerResources(container),
    security: containerSecurity(pod, container, parts.image.config, parts.seccomp),
    terminal: container.tty ?? false,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    ...(stopSignal ? { stopSignal } : {}),
    ...(parts.processesOf ? { processesOf: parts.processesOf } : {}),
    oomScoreAdjustment: oomScoreAdjustment(pod, container, parts.memoryCapacityBytes),
    logPath: parts.logPath,
    annotations: {
      [adoption.image]: container.image ?? "",
      [adoption.imageName]: parts.imageName,
      [adoption.backOffMs]: String(parts.backOffMs),
      [adoption.graceMs]: String(graceMsOf(pod)),
      ...(message ? { [adoption.terminationMessage]: message.hostPath } : {}),
      [adoption.terminationPolicy]: container.terminationMessagePolicy ?? "File",
    },
  };
}

export function terminationPath(container: Container): string {
  return container.terminationMessagePath || "/dev/termination-log";
}

import type { Host } from "#host";
import type { Container as RuntimeContainer } from "#runtime";
import { limits } from "../limits.ts";
import { readLogTail } from "../logs/tail.ts";
import type { ExitedRun, PresentImage } from "../pods/observation.ts";
import { adoption } from "./container-spec.ts";

/** What is known of a container that has ended: its exit, in Kubernetes' words, and what it left as a message. */
export async function exitedRun(host: Host, container: RuntimeContainer, now: number): Promise<ExitedRun> {
  const exitCode = container.exitCode ?? unknownExitCode;
  const finishedAt = container.finishedAt ?? now;
  return {
    is: "exited",
    id: container.id,
    attempt: container.attempt,
    startedAt: container.startedAt ?? finishedAt,
    finishedAt,
    exitCode,
    reason: reasonOf(container, exitCode),
    message: await terminationMessage(host, container, exitCode),
    image: imageOf(container),
  };
}

/** What containerd reports for a container whose end nobody saw. */
export const unknownExitCode = 255;

export function imageOf(container: RuntimeContainer): PresentImage {
  const reference = container.annotations[adoption.image] ?? container.image;
  return { reference, id: container.image, name: container.annotations[adoption.imageName] ?? reference };
}

function reasonOf(container: RuntimeContainer, exitCode: number): string {
  if (container.exitCode === undefined || container.state === "unknown") return "Unknown";
  if (container.oomKilled && exitCode !== 0) return "OOMKilled";
  if (exitCode === 128 && container.startedAt === undefined) return "StartError";
  return exitCode === 0 ? "Completed" : "Error";
}

async function terminationMessage(
  host: Host,
  container: RuntimeContainer,
  exitCode: number,
): Promise<string> {
  const path = container.annotations[adoption.terminationMessage];
  const bytes = path ? await host.files.readRange(path, 0, limits.terminationMessageBytes) : new Uint8Array();
  if (bytes.length > 0) return Buffer.from(bytes).toString("utf8");
  if (exitCode === 0 || container.annotations[adoption.terminationPolicy] !== "FallbackToLogsOnError")
    return "";
  return readLogTail(host, container.logPath, limits.terminationLogBytes, limits.terminationLogLines);
}

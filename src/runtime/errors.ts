import { ApiError } from "#base";
import type { ImagePullReason } from "./runtime.ts";

/** An image could not be had. `reason` is what Kubernetes shows; the message says which reference, which step, and why. */
export class ImagePullError extends Error {
  override readonly name = "ImagePullError";
  readonly reason: ImagePullReason;
  readonly reference: string;

  constructor(reason: ImagePullReason, reference: string, why: string, cause?: unknown) {
    const what = reason === "InvalidImageName" ? "is no image name" : "cannot be pulled";
    super(`image "${reference}" ${what}: ${why}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.reference = reference;
  }
}

/**
 * Why a container did not come up, in Kubernetes' words: `CreateContainerConfigError` is wrong in the spec and stays
 * wrong, `CreateContainerError` failed while preparing, `StartError` is the OCI runtime's refusal (exit code 128, as
 * containerd reports it).
 */
export type ContainerErrorReason = "CreateContainerConfigError" | "CreateContainerError" | "StartError";

export class ContainerError extends Error {
  override readonly name = "ContainerError";
  readonly reason: ContainerErrorReason;

  constructor(reason: ContainerErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

export function isImagePullError(error: unknown): error is ImagePullError {
  return error instanceof ImagePullError;
}

export function isContainerError(error: unknown): error is ContainerError {
  return error instanceof ContainerError;
}

/** The container is not in the state that the call needs: exec in one that has ended, attach before the start. */
export function notRunning(id: string, attempted: string, state: string): ApiError {
  return new ApiError(
    "Conflict",
    `cannot ${attempted} container ${id.slice(0, 12)}: it is ${state}, not running`,
  );
}

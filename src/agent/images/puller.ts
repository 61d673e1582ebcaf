import type { Container, Pod } from "#api";
import { type Clock, messageOf } from "#base";
import {
  type Image,
  type ImageContent,
  type ImageStore,
  isImagePullError,
  normalizeReference,
  type RegistryCredentials,
} from "#runtime";
import type { EventRecorder } from "../events.ts";
import { limits } from "../limits.ts";
import { ContainerFault } from "../pods/fault.ts";
import type { PresentImage } from "../pods/observation.ts";
import { abortable, Semaphore } from "../semaphore.ts";

export interface ImagePullerOptions {
  readonly images: ImageStore;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** Credentials for a registry from the pod's `imagePullSecrets`. */
  readonly credentials: (pod: Pod, reference: string) => Promise<RegistryCredentials | undefined>;
}

/** Sees to it that a container's image is here, as its pull policy says. */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #slots = new Semaphore(limits.parallelPulls);
  readonly #pulling = new Map<string, Promise<Image>>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
  }

  /** Throws `ContainerFault`: InvalidImageName, ErrImageNeverPull, ErrImagePull. */
  async ensure(pod: Pod, container: Container, signal: AbortSignal): Promise<PresentImage> {
    const { images, events } = this.#options;
    const reference = container.image ?? "";
    const about = { pod, container: container.name };
    const name = fullName(reference);
    if (name === undefined) {
      const message = `Failed to apply default image tag "${reference}": couldn't parse image name "${reference}": invalid reference format`;
      events.warning(about, "InspectFailed", message);
      events.warning(about, "Failed", "Error: InvalidImageName");
      throw new ContainerFault("InvalidImageName", message);
    }
    const policy = container.imagePullPolicy ?? "IfNotPresent";
    const local = policy === "Always" ? undefined : await images.resolve(reference);
    if (local) {
      events.normal(about, "Pulled", `Container image "${reference}" already present on machine`);
      return present(reference, name, local);
    }
    if (policy === "Never") {
      const message = `Container image "${reference}" is not present with pull policy of Never`;
      events.warning(about, "ErrImageNeverPull", message);
      events.warning(about, "Failed", "Error: ErrImageNeverPull");
      throw new ContainerFault("ErrImageNeverPull", message);
    }
    return present(reference, name, await this.#pull(pod, container, reference, signal));
  }

  async #pull(pod: Pod, container: Container, reference: string, signal: AbortSignal): Promise<Image> {
    const { events, clock } = this.#options;
    const about = { pod, container: container.name };
    events.normal(about, "Pulling", `Pulling image "${reference}"`);
    const askedAt = clock.monotonicMs();
    let begunAt = askedAt;
    try {
      const pull = this.#shared(pod, reference, () => {
        begunAt = clock.monotonicMs();
      });
      const image = await abortable(pull, signal);
      const now = clock.monotonicMs();
      const took = `${seconds(now - begunAt)} (${seconds(now - askedAt)} including waiting)`;
      events.normal(
        about,
        "Pulled",
        `Successfully pulled image "${reference}" in ${took}. Image size: ${image.sizeBytes} bytes.`,
      );
      return image;
    } catch (error) {
      if (signal.aborted) throw error;
      const reason =
        isImagePullError(error) && error.reason === "InvalidImageName" ? "InvalidImageName" : "ErrImagePull";
      events.warning(about, "Failed", `Failed to pull image "${reference}": ${messageOf(error)}`);
      events.warning(about, "Failed", `Error: ${reason}`);
      throw new ContainerFault(reason, messageOf(error), error);
    }
  }

  /** Pods that want the same image at the same time wait for one pull; it goes on when one of them goes away. */
  #shared(pod: Pod, reference: string, onBegin: () => void): Promise<Image> {
    const { images, credentials } = this.#options;
    const key = `${pod.metadata?.namespace}/${reference}`;
    const under = this.#pulling.get(key);
    if (under) return under;
    const pull = this.#slots
      .run(undefined, async () => {
        onBegin();
        const found = await credentials(pod, reference);
        return images.pull(reference, found ? { credentials: found } : {});
      })
      .finally(() => this.#pulling.delete(key));
    this.#pulling.set(key, pull);
    return pull;
  }
}

function present(reference: string, name: string, image: ImageContent): PresentImage {
  return { reference, id: image.id, name };
}

function fullName(reference: string): string | undefined {
  try {
    return normalizeReference(reference);
  } catch {
    return undefined;
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(3)}s`;
}

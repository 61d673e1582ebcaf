import type { PersistentVolume, Pod, PodClaim, SelectableNode } from "#api";
import { ApiError } from "#base";
import type { Host } from "#host";
import type { Layout } from "../../layout.ts";
import type { ObjectSource } from "../../objects.ts";
import { claimedVolume } from "./claimed.ts";
import { giveToGroup } from "./ownership.ts";
import { placeOf } from "./place.ts";

export interface ClaimVolumesOptions {
  readonly host: Host;
  readonly layout: Layout;
  readonly objects: ObjectSource;
  /** This node as it is now: its labels say which volumes it can use. */
  readonly node: () => SelectableNode;
}

/** The claims that pods of this node use: which volume each is, where that lies, and who uses it. */
export class ClaimVolumes {
  readonly #options: ClaimVolumesOptions;
  /** By name of the volume: the uids of the pods that use it. */
  readonly #users = new Map<string, Set<string>>();
  readonly #waiting = new Set<() => void>();

  constructor(options: ClaimVolumesOptions) {
    this.#options = options;
  }

  /** Makes a claim's volume ready for a pod; its path. Throws in the kubelet's words. Idempotent. */
  async setUp(pod: Pod, claim: PodClaim): Promise<string> {
    const { host, layout, objects } = this.#options;
    const known = layout.claimFile(pod.metadata?.uid ?? "", claim.volume);
    let volume: PersistentVolume;
    try {
      volume = await claimedVolume(objects, pod, claim);
    } catch (error) {
      // While the API is away, the pod goes on with the volume that it had.
      const text = isAway(error) ? await host.files.read(known) : undefined;
      if (text === undefined) throw error;
      volume = JSON.parse(text);
    }
    this.#use(pod, volume);
    const path = await placeOf(volume, { host, root: layout.localVolumes, node: this.#options.node() });
    const { fsGroup: group, fsGroupChangePolicy: policy = "Always" } = pod.spec?.securityContext ?? {};
    // As in Kubernetes: what lies at a hostPath belongs to the host, and what is only read stays as it is.
    const isGiven = group !== undefined && volume.spec?.local !== undefined && !claim.readOnly;
    if (isGiven) await giveToGroup(host, { path, group, policy });
    await host.files.makeDirectory(layout.claims(pod.metadata?.uid ?? ""), { mode: 0o700 });
    await host.files.write(known, JSON.stringify(volume), { durable: false });
    return path;
  }

  /** The pod uses none any more. */
  release(uid: string): void {
    for (const [name, users] of this.#users) {
      users.delete(uid);
      if (users.size === 0) this.#users.delete(name);
    }
    for (const tell of [...this.#waiting]) tell();
  }

  isUsed(volume: string): boolean {
    return this.#users.has(volume);
  }

  /** Calls back whenever a pod has released its volumes. */
  onReleased(tell: () => void): { close(): void } {
    this.#waiting.add(tell);
    return { close: () => this.#waiting.delete(tell) };
  }

  #use(pod: Pod, volume: PersistentVolume): void {
    const { name = "" } = volume.metadata ?? {};
    const { uid = "" } = pod.metadata ?? {};
    const users = this.#users.get(name) ?? new Set<string>();
    const isForOne = volume.spec?.accessModes?.includes("ReadWriteOncePod") ?? false;
    if (isForOne && [...users].some((other) => other !== uid)) {
      throw new Error("volume uses the ReadWriteOncePod access mode and is already in use by another pod");
    }
    this.#users.set(name, users.add(uid));
  }
}

export function isAway(error: unknown): boolean {
  return error instanceof ApiError && (error.code >= 500 || error.reason === "Timeout");
}

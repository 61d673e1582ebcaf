import {
  claimsOfPod,
  configMaps,
  type Pod,
  type PodClaim,
  persistentVolumeClaims,
  secrets,
  type Volume,
} from "#api";
import { isAborted, messageOf, type Timer } from "#base";
import type { AgentContext } from "../context.ts";
import type { FieldContext } from "../environment/fields.ts";
import { setUpEmptyDir } from "./empty-dir.ts";
import { setUpHostPath } from "./host-path.ts";
import { type Payload, writePayload } from "./payload.ts";
import { hasPayload, type PayloadContext, payloadOf } from "./payload-sources.ts";
import { isAway } from "./persistent/claim-volumes.ts";
import { podReferences, type Reference } from "./references.ts";
import { type PodToken, requestToken, type TokenOptions } from "./token.ts";

export interface PodVolumesOptions {
  readonly context: AgentContext;
  /** The pod as of now. */
  readonly pod: () => Pod;
  readonly fields: () => FieldContext;
  /** Something that a failed set-up waits for may be there now. */
  readonly onSourceChanged: () => void;
}

/** The volumes of one pod: set up before its containers, kept current while it lives, taken away after. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #paths = new Map<string, string>();
  readonly #tokens = new Map<string, PodToken>();
  readonly #followed = new Map<string, { close(): void }>();
  /** The last write of each volume's files: a set-up that is tried again and a refresh may want the same one. */
  readonly #writes = new Map<string, Promise<string>>();
  #refreshing: Promise<void> | undefined;
  #refreshAgain = false;
  #refreshTimer: Timer | undefined;
  #closed = false;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /** Makes all of them, side by side. Throws one error that names every volume that failed. Idempotent. */
  async setUp(): Promise<void> {
    const { context } = this.#options;
    const pod = this.#options.pod();
    const failures: string[] = [];
    const setUpOne = async (volume: Volume) => {
      try {
        this.#paths.set(volume.name, await this.#setUp(pod, volume));
      } catch (error) {
        if (isAborted(error)) throw error;
        const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`;
        context.events.warning({ pod }, "FailedMount", message);
        failures.push(message);
      }
    };
    await Promise.all((pod.spec?.volumes ?? []).map(setUpOne));
    this.followAll(podReferences(pod));
    if (failures.length > 0) throw new Error(failures.join("; "));
    this.#scheduleTokens();
  }

  /** The path on the host; undefined for a volume that is not set up. */
  pathOf(name: string): string | undefined {
    return this.#paths.get(name);
  }

  /** Watches objects for as long as the pod lives: refreshes files, and tells of changes. */
  followAll(references: readonly Reference[]): void {
    const { context, pod, onSourceChanged } = this.#options;
    const namespace = pod().metadata?.namespace ?? "";
    for (const { resource, name } of references) {
      const key = `${resource.resource}/${name}`;
      if (this.#closed || this.#followed.has(key)) continue;
      const onChange = () => {
        onSourceChanged();
        this.refresh();
      };
      this.#followed.set(key, context.objects.follow(resource, namespace, name, onChange));
    }
  }

  /** Writes anew what has changed: objects, labels, tokens that grow old. */
  refresh(): void {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return;
    }
    if (this.#closed || this.#paths.size === 0) return;
    this.#refreshing = this.#refreshAll().finally(() => {
      this.#refreshing = undefined;
      this.#scheduleTokens();
      if (this.#refreshAgain) {
        this.#refreshAgain = false;
        this.refresh();
      }
    });
  }

  /** Ends watches and timers; what is on disk stays. */
  close(): void {
    this.#closed = true;
    this.#refreshTimer?.cancel();
    for (const followed of this.#followed.values()) followed.close();
    this.#followed.clear();
  }

  /** Removes everything from the host. Idempotent. */
  async tearDown(): Promise<void> {
    const { context, pod } = this.#options;
    this.close();
    await this.#refreshing?.catch(() => {});
    this.#paths.clear();
    const { uid = "" } = pod().metadata ?? {};
    await removePodFiles(context, uid);
    context.claims.release(uid);
  }

  async #setUp(pod: Pod, volume: Volume): Promise<string> {
    const { host, layout } = this.#options.context;
    const uid = pod.metadata?.uid ?? "";
    const group = pod.spec?.securityContext?.fsGroup;
    if (volume.emptyDir) {
      const directory = layout.volume(uid, "kubernetes.io~empty-dir", volume.name);
      return setUpEmptyDir(host, directory, volume.emptyDir, group);
    }
    const claim = claimsOfPod(pod).find((one) => one.volume === volume.name);
    if (claim) return this.#setUpClaim(pod, claim);
    if (volume.hostPath) return setUpHostPath(host, volume.hostPath);
    if (hasPayload(volume)) return this.#writeInTurn(pod, volume);
    const kind = Object.keys(volume).find((key) => key !== "name") ?? "without a source";
    throw new Error(`volumes of type ${kind} are not supported yet`);
  }

  async #setUpClaim(pod: Pod, claim: PodClaim): Promise<string> {
    try {
      return await this.#options.context.claims.setUp(pod, claim);
    } catch (error) {
      // It may be bound in a moment.
      this.followAll([{ resource: persistentVolumeClaims, name: claim.claim }]);
      throw error;
    }
  }

  #writeInTurn(pod: Pod, volume: Volume): Promise<string> {
    const before = this.#writes.get(volume.name)?.catch(() => {});
    const write = Promise.resolve(before).then(() => this.#writePayload(pod, volume));
    this.#writes.set(volume.name, write);
    return write;
  }

  async #writePayload(pod: Pod, volume: Volume): Promise<string> {
    const { host, random } = this.#options.context;
    const directory = this.#payloadDirectory(pod, volume);
    let payload: Payload;
    try {
      payload = await payloadOf(volume, this.#payloadContext(pod));
    } catch (error) {
      // While the API is away, what was written before goes on to serve.
      if (isAway(error) && (await host.files.exists(`${directory}/..data`))) return directory;
      throw error;
    }
    const group = pod.spec?.securityContext?.fsGroup;
    await writePayload({ host, directory, payload, group, version: random.uuid() });
    return directory;
  }

  #payloadDirectory(pod: Pod, volume: Volume): string {
    const { layout } = this.#options.context;
    const uid = pod.metadata?.uid ?? "";
    if (volume.configMap) return layout.volume(uid, "kubernetes.io~configmap", volume.name);
    if (volume.downwardAPI) return layout.volume(uid, "kubernetes.io~downward-api", volume.name);
    return layout.memoryVolume(
      uid,
      volume.secret ? "kubernetes.io~secret" : "kubernetes.io~projected",
      volume.name,
    );
  }

  #payloadContext(pod: Pod): PayloadContext {
    const { objects } = this.#options.context;
    const namespace = pod.metadata?.namespace ?? "";
    return {
      pod,
      configMap: (name) => objects.get(configMaps, namespace, name),
      secret: (name) => objects.get(secrets, namespace, name),
      token: (options) => this.#token(pod, options),
      fields: this.#options.fields(),
    };
  }

  async #token(pod: Pod, options: TokenOptions): Promise<string> {
    const { client, clock } = this.#options.context;
    const key = `${options.audience ?? ""} ${options.expirationSeconds}`;
    const known = this.#tokens.get(key);
    if (known && known.refreshAt > clock.now()) return known.token;
    const token = await requestToken(client, pod, options, clock.now());
    this.#tokens.set(key, token);
    return token.token;
  }

  async #refreshAll(): Promise<void> {
    const { context } = this.#options;
    const pod = this.#options.pod();
    for (const volume of pod.spec?.volumes ?? []) {
      if (this.#closed || !hasPayload(volume) || !this.#paths.has(volume.name)) continue;
      try {
        await this.#writeInTurn(pod, volume);
      } catch (error) {
        context.logger.warn(`refreshing volume ${volume.name}: ${messageOf(error)}`, {
          pod: pod.metadata?.name,
        });
      }
    }
  }

  #scheduleTokens(): void {
    this.#refreshTimer?.cancel();
    if (this.#closed || this.#tokens.size === 0) return;
    const { clock } = this.#options.context;
    const next = Math.min(...[...this.#tokens.values()].map((token) => token.refreshAt));
    // A token that could not be renewed is asked for again a little later, not at once.
    const delayMs = Math.max(next - clock.now(), tokenRetryMs);
    this.#refreshTimer = clock.setTimer(delayMs, () => this.refresh(), { unref: true });
  }
}

const tokenRetryMs = 10_000;

/** Unmounts and removes all that the agent keeps for a pod, logs excepted. */
export async function removePodFiles(
  context: Pick<AgentContext, "host" | "layout">,
  uid: string,
): Promise<void> {
  const { host, layout } = context;
  for (const directory of [layout.pod(uid), layout.podMemory(uid)]) {
    for (const mount of await host.mounts.under(directory)) await host.mounts.unmount(mount);
    await host.files.remove(directory);
  }
}

import { isPodTerminal, type Pod, pods } from "#api";
import { type Clock, isConflict, isNotFound, type Logger, type Random, timestamp } from "#base";
import { type Client, Informers } from "#client";

export interface FakeKubeletOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Where pods that no scheduler has placed are put; undefined leaves them to a scheduler. */
  readonly bindTo?: string;
  /** Whether a pod becomes ready; all do unless said otherwise. */
  readonly ready?: (pod: Pod) => boolean;
}

/** Plays the nodes: what is bound runs and is ready at once, what is deleted is gone at once. No container anywhere. */
export function startFakeKubelet(options: FakeKubeletOptions): void {
  const { client, clock, bindTo, ready = () => true } = options;
  const informers = new Informers(options);
  let nextAddress = 2;
  const act = async (pod: Pod): Promise<void> => {
    const { name = "", namespace = "", uid = "", deletionTimestamp } = pod.metadata ?? {};
    const api = client.resource(pods, namespace);
    if (!pod.spec?.nodeName) {
      if (bindTo === undefined || deletionTimestamp) return;
      const target = { kind: "Node", name: bindTo };
      await api.postSubresource(name, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name },
        target,
      });
    } else if (deletionTimestamp) {
      await api.delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } else if (pod.status?.phase !== "Running" && !isPodTerminal(pod) && ready(pod)) {
      const podIP = `10.244.${nextAddress >> 8}.${nextAddress++ & 255}`;
      await api.patch(
        name,
        { type: "merge", patch: { status: running(podIP, clock) } },
        { subresource: "status" },
      );
    }
  };
  const onChange = (pod: Pod) => {
    act(pod).catch((error) => {
      if (isConflict(error) || isNotFound(error) || options.signal.aborted) return;
      options.logger.error(`fake kubelet on ${pod.metadata?.name}`, { error });
    });
  };
  informers.of(pods).addHandler({ added: onChange, updated: onChange });
}

function running(podIP: string, clock: Clock): object {
  const lastTransitionTime = timestamp(clock);
  const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime,
  }));
  return { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions };
}

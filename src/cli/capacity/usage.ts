import { messageOf } from "#base";
import type { Client } from "#client";

/** What a node says of itself at this moment. Amounts in the units of `ResourceAmounts`. */
export interface NodeUsage {
  /** The whole machine, with all that is no pod. */
  readonly machine: Usage;
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, Usage>;
}

/** A resource that nobody measured is not there. */
export type Usage = Readonly<Partial<Record<"cpu" | "memory" | "ephemeral-storage", number>>>;

/** Why a node's usage is not known. */
export interface UsageUnknown {
  readonly problem: string;
}

/** Asks every node for its statistics, through the API server, as kubelets serve them. Nobody's silence is an error here. */
export async function readUsage(
  client: Client,
  nodeNames: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, NodeUsage | UsageUnknown>> {
  const found = new Map<string, NodeUsage | UsageUnknown>();
  const waiting = nodeNames.values();
  const ask = async () => {
    for (const name of waiting) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
      const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/stats/summary`;
      try {
        found.set(name, usageFrom(await client.raw<Summary>("GET", path, undefined, { signal: deadline })));
      } catch (error) {
        signal.throwIfAborted();
        found.set(name, {
          problem: deadline.aborted ? "it does not answer in time" : messageOf(error),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: parallelQuestions }, ask));
  return found;
}

/** What the answer of a node says. Pure. */
export function usageFrom(summary: Summary): NodeUsage {
  const pods = (summary.pods ?? []).map(
    (pod) => [`${pod.podRef?.namespace}/${pod.podRef?.name}`, usageOf(pod)] as const,
  );
  return { machine: usageOf(summary.node ?? {}), pods: new Map(pods) };
}

/** The part of the kubelet's Summary API that is read here. */
export interface Summary {
  readonly node?: Measured;
  readonly pods?: readonly (Measured & {
    readonly podRef?: { readonly namespace?: string; readonly name?: string };
  })[];
}

interface Measured {
  readonly cpu?: { readonly usageNanoCores?: number };
  readonly memory?: { readonly workingSetBytes?: number };
  readonly "ephemeral-storage"?: { readonly usedBytes?: number };
}

function usageOf(measured: Measured): Usage {
  const cpu = measured.cpu?.usageNanoCores;
  const memory = measured.memory?.workingSetBytes;
  const storage = measured["ephemeral-storage"]?.usedBytes;
  return {
    ...(cpu === undefined ? {} : { cpu: Math.round(cpu / 1e6) }),
    ...(memory === undefined ? {} : { memory }),
    ...(storage === undefined ? {} : { "ephemeral-storage": storage }),
  };
}

const parallelQuestions = 16;
/** A node that is there answers within a second. */
const answerMs = 5_000;

import type { Cluster } from "../../framework/cluster.ts";

/** Who waits for claims to be bound, by `namespace/name`: a change of a claim, or of its volume, is told to those alone. */
export class ClaimWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor({ persistentVolumeClaims, persistentVolumes }: Cluster["listers"]) {
    persistentVolumeClaims.observe(({ metadata }) => this.#tell(metadata?.namespace, metadata?.name));
    persistentVolumes.observe(({ spec }) => this.#tell(spec?.claimRef?.namespace, spec?.claimRef?.name));
  }

  /** Calls back whenever something about one of the claims has changed. Returns how to stop. */
  wait(claims: readonly string[], look: () => void): () => void {
    // A function of its own, so that whoever waits twice stops once.
    const own = () => look();
    for (const claim of claims) this.#waiting.set(claim, (this.#waiting.get(claim) ?? new Set()).add(own));
    return () => {
      for (const claim of claims) {
        const waiting = this.#waiting.get(claim);
        waiting?.delete(own);
        if (waiting?.size === 0) this.#waiting.delete(claim);
      }
    };
  }

  #tell(namespace: string | undefined, name: string | undefined): void {
    for (const look of [...(this.#waiting.get(`${namespace}/${name}`) ?? [])]) look();
  }
}

const known = new WeakMap<Cluster, ClaimWaiters>();

export function claimWaitersIn(cluster: Cluster): ClaimWaiters {
  const found = known.get(cluster) ?? new ClaimWaiters(cluster.listers);
  known.set(cluster, found);
  return found;
}

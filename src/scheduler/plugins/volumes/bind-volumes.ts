import {
  isUsableOn,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  selectedNode,
  withClaim,
} from "#api";
import type { Placed, Writing } from "../../framework/plugin.ts";
import { bindVolumesTimeoutMs } from "../../limits.ts";
import { claimWaitersIn } from "./claim-waiters.ts";
import { isBound } from "./shape-claims.ts";
import type { VolumeChoice } from "./volume-reservations.ts";

/**
 * Writes which volumes the claims of a pod get and where the others' are to be made, and waits until all are bound. Rejects when that comes
 * to nothing: the pod is then to be placed anew.
 */
export async function bindVolumes(
  placed: Placed,
  { bindings, provisions }: VolumeChoice,
  writing: Writing,
): Promise<void> {
  const { client } = writing;
  for (const { claim, volume } of bindings) {
    const kept = withClaim(volume, claim);
    if (kept) await client.resource(persistentVolumes).update(kept);
  }
  for (const claim of provisions) {
    const { namespace, annotations } = claim.metadata ?? {};
    if (annotations?.[selectedNode] === placed.nodeName) continue;
    const metadata = { ...claim.metadata, annotations: { ...annotations, [selectedNode]: placed.nodeName } };
    await client.resource(persistentVolumeClaims, namespace).update({ ...claim, metadata });
  }
  await allBound(placed, provisions, writing);
}

/** Looks whenever one of its claims, or the volume of one, has changed. */
function allBound(
  placed: Placed,
  provisions: readonly PersistentVolumeClaim[],
  { clock, signal }: Writing,
): Promise<void> {
  const { facts, cluster } = placed;
  const claims = facts.shape.claims.map(({ claim }) => `${facts.shape.namespace}/${claim}`);
  const awaited = new Set(provisions.map(({ metadata }) => metadata?.name ?? ""));
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => {
      timer.cancel();
      stop();
      signal.removeEventListener("abort", aborted);
      act();
    };
    const aborted = () => end(() => reject(signal.reason));
    const look = () => {
      try {
        if (areBound(placed, awaited)) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    };
    const late = () => end(() => reject(new Error("timed out waiting for its volumes to be bound")));
    const timer = clock.setTimer(bindVolumesTimeoutMs, late, { unref: true });
    const stop = claimWaitersIn(cluster).wait(claims, look);
    signal.addEventListener("abort", aborted, { once: true });
    look();
  });
}

/** Throws when waiting is no use any more. */
function areBound({ facts, nodeName, cluster }: Placed, awaited: ReadonlySet<string>): boolean {
  const { listers, nodes } = cluster;
  const { namespace, claims } = facts.shape;
  const node = nodes.find(nodeName);
  if (node === undefined || !nodes.exists(node)) throw new Error(`node "${nodeName}" not found`);
  if (!cluster.pod(facts.uid)) throw new Error("the pod is gone");
  let areAll = true;
  for (const { claim: name } of claims) {
    const claim = listers.persistentVolumeClaims.get(namespace, name);
    if (!claim || claim.metadata?.deletionTimestamp)
      throw new Error(`persistentvolumeclaim "${name}" is gone`);
    if (!isBound(claim)) {
      const selected = claim.metadata?.annotations?.[selectedNode];
      if (awaited.has(name) && selected !== nodeName)
        throw new Error(`provisioning failed for PVC "${name}"`);
      areAll = false;
      continue;
    }
    const volume = listers.persistentVolumes.get("", claim.spec?.volumeName ?? "");
    // The watch of volumes may be behind that of claims.
    if (!volume) areAll = false;
    else if (!isUsableOn(volume, { name: nodeName, labels: nodes.labels.of(node) }))
      throw new Error(`pv "${volume.metadata?.name}" node affinity doesn't match node "${nodeName}"`);
  }
  return areAll;
}

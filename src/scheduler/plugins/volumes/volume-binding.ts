import { classOfClaim, isClaimForPod, jsonEqual } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import {
  type ClusterEvent,
  type Filter,
  type Placed,
  type Plugin,
  type Rejection,
  rejection,
} from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import type { Remedy } from "../../framework/remedy.ts";
import { bindVolumes } from "./bind-volumes.ts";
import { volumeChooser } from "./choose-volumes.ts";
import { claimsOfShape, isBound, isRefusal, unboundImmediate } from "./shape-claims.ts";
import { volumeNodesIn } from "./volume-nodes.ts";
import { reservationsIn } from "./volume-reservations.ts";

const unresolvable = { isResolvable: false };
const notThere = rejection("node(s) didn't match PersistentVolume's node affinity", unresolvable);
const noneToBind = rejection("node(s) didn't find available persistent volumes to bind", unresolvable);
const neither: Rejection = { ...unresolvable, reasons: [...notThere.reasons, ...noneToBind.reasons] };

/**
 * A pod goes where its volumes are; where volumes wait for it, they are chosen or made for its node, and the pod is bound once they are.
 */
export const volumeBinding: Plugin = {
  name: "VolumeBinding",
  readsClaims: true,
  filter(shape, cluster) {
    return shape.claims.length === 0 ? undefined : filterFor(shape, cluster);
  },
  inputs(shape, cluster) {
    return shape.claims.length === 0 ? "" : inputsOf(shape, cluster);
  },
  remedies(shape, cluster) {
    const claims = remediesForClaims(shape, cluster);
    const filter = claims.length === 0 ? filterFor(shape, cluster) : undefined;
    // Where its volumes are does not change; where there are none yet, some could be.
    return (node) => {
      const refused = filter?.by === "node" ? filter.refuse(node) : undefined;
      return refused === noneToBind
        ? [{ type: "provide-volumes", claims: openClaims(shape, cluster) }]
        : claims;
    };
  },
  mayHelp(event, shape, cluster) {
    return shape.claims.length > 0 && mayHelp(event, shape, cluster);
  },
  reserve(placed) {
    if (placed.facts.shape.claims.length > 0) reserve(placed);
  },
  unreserve({ facts, cluster }) {
    if (facts.shape.claims.length > 0) release(facts.uid, cluster);
  },
  preBind(placed, writing) {
    const { facts, cluster } = placed;
    const reservation = reservationsIn(cluster).of(facts.uid);
    if (!reservation) return undefined;
    return bindVolumes(placed, reservation.choice, writing).then(() => release(facts.uid, cluster));
  },
};

/** Volumes that can be used anywhere say nothing. */
function filterFor(shape: PodShape, cluster: Cluster): Filter | undefined {
  const found = claimsOfShape(shape, cluster);
  if (isRefusal(found)) return { by: "node", refuse: () => found };
  const fixed = found.volumes.filter(({ spec }) => spec?.nodeAffinity?.required);
  if (fixed.length === 0 && found.unbound.length === 0) return undefined;
  const choose = volumeChooser(found.unbound, cluster);
  const volumeNodes = volumeNodesIn(cluster);
  return {
    by: "node",
    only() {
      const nodes = fixed.flatMap((volume) => volumeNodes.onlyNode(volume) ?? []);
      return nodes.length > 0 ? nodes : undefined;
    },
    refuse(node) {
      const isThere = fixed.every((volume) => volumeNodes.isUsableOn(volume, node));
      const hasMore = choose(node) !== undefined;
      if (isThere) return hasMore ? undefined : noneToBind;
      return hasMore ? notThere : neither;
    },
  };
}

/** What claims need before any node does; nothing when that is not what is missing. */
function remediesForClaims(shape: PodShape, cluster: Cluster): readonly Remedy[] {
  const absent = shape.claims.filter(
    ({ claim }) => !cluster.listers.persistentVolumeClaims.get(shape.namespace, claim),
  );
  if (absent.length > 0) return [{ type: "create-claims", claims: absent.map(({ claim }) => claim) }];
  return claimsOfShape(shape, cluster) === unboundImmediate
    ? [{ type: "provide-volumes", claims: openClaims(shape, cluster) }]
    : [];
}

function openClaims({ namespace, claims }: PodShape, { listers }: Cluster): readonly string[] {
  const names = new Set(claims.map(({ claim }) => claim));
  return [...names].filter((name) => {
    const claim = listers.persistentVolumeClaims.get(namespace, name);
    return claim !== undefined && !isBound(claim);
  });
}

/** The claims and their volumes as they are; while some have none, everything that decides which they could get. */
function inputsOf({ namespace, claims }: PodShape, cluster: Cluster): string {
  const { persistentVolumeClaims, persistentVolumes, storageClasses } = cluster.listers;
  let isOpen = false;
  const versions = claims.map(({ claim: name }) => {
    const claim = persistentVolumeClaims.get(namespace, name);
    if (!claim || !isBound(claim)) isOpen = true;
    const volume = persistentVolumes.get("", claim?.spec?.volumeName ?? "");
    return `${claim?.metadata?.resourceVersion}:${volume?.metadata?.resourceVersion}`;
  });
  const more = [persistentVolumes.version, storageClasses.version, reservationsIn(cluster).version];
  return [...versions, ...(isOpen ? more : [])].join("/");
}

function mayHelp(event: ClusterEvent, { namespace, claims }: PodShape, cluster: Cluster): boolean {
  if (event.type === "node-added") return true;
  if (event.type === "node-updated")
    return !jsonEqual(event.node.metadata?.labels, event.old.metadata?.labels);
  if (event.type !== "object-changed") return false;
  const { metadata } = event.object;
  const isOwn = (name: string | undefined) => claims.some(({ claim }) => claim === name);
  const { persistentVolumeClaims, persistentVolumes } = cluster.listers;
  if (event.resource === "persistentvolumeclaims")
    return metadata?.namespace === namespace && isOwn(metadata.name);
  if (event.resource === "persistentvolumes") {
    const reference = persistentVolumes.get("", metadata?.name ?? "")?.spec?.claimRef;
    // A claim that names its volume waits for that one, whomever the volume names.
    const isNamed = claims.some(
      ({ claim }) => persistentVolumeClaims.get(namespace, claim)?.spec?.volumeName === metadata?.name,
    );
    return isNamed || !reference || (reference.namespace === namespace && isOwn(reference.name));
  }
  if (event.resource !== "storageclasses") return false;
  return claims.some(({ claim }) => {
    const found = persistentVolumeClaims.get(namespace, claim);
    return found !== undefined && classOfClaim(found) === metadata?.name;
  });
}

function reserve({ facts, nodeName, cluster }: Placed): void {
  const { shape, pod, uid } = facts;
  for (const { claim: name, isEphemeral } of shape.claims) {
    const claim = cluster.listers.persistentVolumeClaims.get(shape.namespace, name);
    if (isEphemeral && claim && !isClaimForPod(claim, pod))
      throw new Error(
        `PVC ${shape.namespace}/${name} was not created for pod ${facts.key} (pod is not owner)`,
      );
  }
  const found = claimsOfShape(shape, cluster);
  if (isRefusal(found)) throw new Error(found.reasons.join(", "));
  if (found.unbound.length === 0) return;
  const index = cluster.nodes.find(nodeName);
  const choice = index === undefined ? undefined : volumeChooser(found.unbound, cluster)(index);
  if (!choice) throw new Error(noneToBind.reasons.join(", "));
  reservationsIn(cluster).take(uid, { nodeName, choice });
  cluster.touch();
}

function release(uid: string, cluster: Cluster): void {
  reservationsIn(cluster).release(uid);
  cluster.touch();
}

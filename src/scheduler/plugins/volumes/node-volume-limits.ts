import { classOfClaim } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import { leaving } from "../../framework/leaving.ts";
import { type NodeIndex, type Plugin, rejection } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";

const tooMany = rejection("node(s) exceed max volume count", { isResolvable: true });

/** A node takes as many volumes of a driver as its CSINode says. */
export const nodeVolumeLimits: Plugin = {
  name: "NodeVolumeLimits",
  readsClaims: true,
  filter(shape, cluster) {
    const wanted = attachedBy(shape, cluster);
    if (wanted.size === 0) return undefined;
    return { by: "node", refuse: (node) => (excessOn(node, wanted, cluster) ? tooMany : undefined) };
  },
  remedies(shape, cluster) {
    const wanted = attachedBy(shape, cluster);
    return (node) => {
      const excess = excessOn(node, wanted, cluster);
      return excess ? [{ type: "raise-volume-limit", driver: excess.driver, to: excess.volumes }] : [];
    };
  },
  inputs(shape, cluster) {
    if (attachedBy(shape, cluster).size === 0) return "";
    const { csiNodes, persistentVolumeClaims, persistentVolumes } = cluster.listers;
    return `${csiNodes.version}/${persistentVolumeClaims.version}/${persistentVolumes.version}`;
  },
  mayHelp(event, shape) {
    if (shape.claims.length === 0) return false;
    if (event.type === "object-changed")
      return ["csinodes", "persistentvolumeclaims"].includes(event.resource);
    return event.type === "node-added" || (leaving(event)?.claims.length ?? 0) > 0;
  },
};

/** Volumes that are attached for pods of a shape: their drivers by the volume. A claim that has none yet stands for the one it will get. */
function attachedBy({ namespace, claims }: PodShape, { listers }: Cluster): Map<string, string> {
  const attached = new Map<string, string>();
  for (const { claim: name } of claims) {
    const claim = listers.persistentVolumeClaims.get(namespace, name);
    if (!claim) continue;
    const volume = listers.persistentVolumes.get("", claim.spec?.volumeName ?? "");
    if (volume) {
      const { csi } = volume.spec ?? {};
      if (csi) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    } else {
      const driver = listers.storageClasses.get("", classOfClaim(claim))?.provisioner;
      if (driver) attached.set(`${driver}//${namespace}/${name}`, driver);
    }
  }
  return attached;
}

/** A driver of which the node would have more volumes than it may. */
interface Excess {
  readonly driver: string;
  readonly volumes: number;
}

function excessOn(
  node: NodeIndex,
  wanted: ReadonlyMap<string, string>,
  cluster: Cluster,
): Excess | undefined {
  const { drivers = [] } = cluster.listers.csiNodes.get("", cluster.nodes.name(node))?.spec ?? {};
  const limited = drivers.flatMap(({ name, allocatable }) =>
    allocatable?.count === undefined ? [] : [{ name, count: allocatable.count }],
  );
  if (!limited.some(({ name }) => [...wanted.values()].includes(name))) return undefined;
  // No more volumes than claims: where these are few enough, which volumes they are does not matter.
  const claims = cluster.claimUsers.on(node) + wanted.size;
  if (limited.every(({ count }) => claims <= count)) return undefined;
  const present = new Map<string, string>();
  for (const { shape } of cluster.podsOn(node))
    for (const [volume, driver] of attachedBy(shape, cluster)) present.set(volume, driver);
  for (const { name, count } of limited) {
    const fresh = volumesOf(name, wanted).filter((volume) => !present.has(volume));
    const volumes = volumesOf(name, present).length + fresh.length;
    if (fresh.length > 0 && volumes > count) return { driver: name, volumes };
  }
  return undefined;
}

function volumesOf(driver: string, attached: ReadonlyMap<string, string>): string[] {
  return [...attached].flatMap(([volume, own]) => (own === driver ? [volume] : []));
}

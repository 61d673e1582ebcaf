import {
  classOfClaim,
  localFinalizer,
  localNodeLabel,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  selectedNode,
  storageClasses,
} from "#api";
import { isAlreadyExists, isNotFound } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { type Note, normal, warning } from "../shared/note.ts";
import { decideGrowth, decideProvisioning, decideRemoval } from "./decide.ts";

/**
 * The provisioner of the built-in class (decision 29). It decides and writes volumes; the directories are made and removed by the agents of
 * their nodes. Keys are `claim/NAMESPACE/NAME` and `volume/NAME`.
 */
export function localVolumeController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const recorder = context.recorder("nacre.dev/local-directory");
  const claims = informers.of(persistentVolumeClaims);
  const volumes = informers.of(persistentVolumes).addIndex("node", (volume) => nodeOf(volume));
  const classes = informers.of(storageClasses);
  const allNodes = informers.of(nodes);
  const volumesApi = client.resource(persistentVolumes);

  const tell = (claim: PersistentVolumeClaim, note: Note) =>
    recorder.record({ ...claim, apiVersion: "v1", kind: "PersistentVolumeClaim" }, note);
  const claimsIn = (claim: PersistentVolumeClaim) =>
    client.resource(persistentVolumeClaims, claim.metadata?.namespace);

  const provision = async (claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> => {
    const { name = "" } = volume.metadata ?? {};
    if (volumes.get(name)) return;
    tell(
      claim,
      normal("Provisioning", `External provisioner is provisioning volume for claim "${keyOf(claim)}"`),
    );
    await volumesApi.create(volume).catch((error) => {
      if (!isAlreadyExists(error)) throw error;
    });
    tell(claim, normal("ProvisioningSucceeded", `Successfully provisioned volume ${name}`));
  };

  const grow = async (
    claim: PersistentVolumeClaim,
    volume: PersistentVolume,
    storage: string,
  ): Promise<void> => {
    const { name } = volume.metadata ?? {};
    tell(claim, normal("Resizing", `External resizer is resizing volume ${name}`));
    await volumesApi.update({ ...volume, spec: { ...volume.spec, capacity: { storage } } });
    await claimsIn(claim).updateStatus({ ...claim, status: { ...claim.status, capacity: { storage } } });
    tell(claim, normal("VolumeResizeSuccessful", "Resize volume succeeded"));
  };

  const syncClaim = async (claim: PersistentVolumeClaim | undefined): Promise<void> => {
    if (!claim) return;
    const volume = volumes.get(claim.spec?.volumeName ?? "");
    const storage = volume && decideGrowth(claim, volume);
    if (volume && storage !== undefined) return grow(claim, volume, storage);
    const step = decideProvisioning({
      claim,
      storageClass: classes.get(classOfClaim(claim)),
      node: allNodes.get(claim.metadata?.annotations?.[selectedNode] ?? ""),
    });
    if (step?.type === "create") return provision(claim, step.volume);
    if (!step) return;
    tell(claim, step.note);
    if (step.type !== "reschedule") return;
    const { [selectedNode]: _, ...annotations } = claim.metadata?.annotations ?? {};
    await claimsIn(claim).update({ ...claim, metadata: { ...claim.metadata, annotations } });
  };

  const syncVolume = async (volume: PersistentVolume | undefined): Promise<void> => {
    if (!volume) return;
    const { name = "", uid = "", finalizers = [] } = volume.metadata ?? {};
    const isNodeThere = nodeOf(volume).some((node) => allNodes.get(node));
    const removal = decideRemoval(volume, { isNodeThere });
    if (removal === "delete") await volumesApi.delete(name, { preconditions: { uid } }).catch(ignoreMissing);
    if (removal !== "letGo") return;
    const left = finalizers.filter((one) => one !== localFinalizer);
    const message = `the node is gone: directory ${volume.spec?.local?.path} was not removed`;
    const about = { ...volume, apiVersion: "v1", kind: "PersistentVolume" };
    recorder.record(about, warning("VolumeFailedDelete", message));
    await volumesApi
      .update({ ...volume, metadata: { ...volume.metadata, finalizers: left } })
      .catch(ignoreMissing);
  };

  return controller({
    name: "local-volume",
    watches: [
      watch(claims, { keys: (claim) => [`${claimPrefix}${keyOf(claim)}`] }),
      watch(volumes, { keys: keysOfVolume }),
      watch(allNodes, {
        keys: (node) => volumes.byIndex("node", keyOf(node)).flatMap(keysOfVolume),
        when: () => false,
      }),
    ],
    reconcile: async (key) => {
      if (key.startsWith(claimPrefix)) await syncClaim(claims.getByKey(key.slice(claimPrefix.length)));
      else await syncVolume(volumes.get(key.slice(volumePrefix.length)));
      return undefined;
    },
  });
}

const claimPrefix = "claim/";
const volumePrefix = "volume/";

/** The node whose directory a volume is, as the only element; nothing for volumes of others. */
function nodeOf({ metadata }: PersistentVolume): string[] {
  const name = metadata?.labels?.[localNodeLabel];
  return name === undefined ? [] : [name];
}

function keysOfVolume(volume: PersistentVolume): string[] {
  return nodeOf(volume).map(() => `${volumePrefix}${keyOf(volume)}`);
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

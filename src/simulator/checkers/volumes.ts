import { localNodeLabel, type PersistentVolume, persistentVolumes } from "#api";
import { keyOf } from "#apiserver";
import type { Checker } from "../runs/checker.ts";
import type { World } from "../runs/world.ts";

/** A pod is bound when its claims have their volumes, and to where these are. */
export function volumes(world: World): Checker {
  const prefix = keyOf(persistentVolumes, "");
  /** By claim, `namespace/name`. */
  const nodes = new Map<string, string>();
  return {
    name: "volumes",
    onCommit({ changes }) {
      for (const { key, entry } of changes) {
        if (!entry || !key.startsWith(prefix)) continue;
        const { metadata, spec } = JSON.parse(Buffer.from(entry.value).toString()) as PersistentVolume;
        const { namespace, name } = spec?.claimRef ?? {};
        nodes.set(`${namespace}/${name}`, metadata?.labels?.[localNodeLabel] ?? "");
      }
    },
    onPod({ pod, previous }) {
      const to = pod?.spec?.nodeName;
      if (to === undefined || previous?.spec?.nodeName !== undefined) return;
      for (const { persistentVolumeClaim: claim } of pod?.spec?.volumes ?? []) {
        if (!claim) continue;
        const { name, namespace } = pod?.metadata ?? {};
        const at = nodes.get(`${namespace}/${claim.claimName}`);
        world.count("pods bound to where their volumes are");
        if (at === to) continue;
        const where = at === undefined ? "nowhere yet" : `on ${at}`;
        world.violate(
          "volumes",
          `pod ${namespace}/${name} was bound to ${to}, but the volume of ${claim.claimName} is ${where}`,
        );
      }
    },
  };
}

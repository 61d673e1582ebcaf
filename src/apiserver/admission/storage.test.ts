import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cloneJson,
  isDefaultClassAnnotation,
  type KubernetesObject,
  localFinalizer,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type Resource,
  storageClasses,
} from "#api";
import { isForbidden } from "#base";
import type { AdmissionAttributes, AdmissionPlugin } from "../ports.ts";
import { MemoryFeed } from "../testing/memory-feed.ts";
import { claimResize } from "./claim-resize.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { storageInUse } from "./storage-in-use.ts";

function world() {
  const feed = new MemoryFeed();
  const plugins: readonly AdmissionPlugin[] = [
    nodeRestriction(),
    defaultStorageClass(),
    storageInUse(),
    claimResize(),
  ];
  const admit = async <T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    more: Partial<AdmissionAttributes> = {},
  ): Promise<T> => {
    const attributes: AdmissionAttributes = {
      user: { name: "ada", groups: [] },
      verb: "create",
      path: "",
      resource,
      operation: "CREATE",
      object,
      oldObject: undefined,
      dryRun: false,
      read: feed,
      ...more,
    };
    const handling = plugins.filter((plugin) => plugin.handles(attributes));
    for (const plugin of handling) await plugin.mutate?.(attributes);
    for (const plugin of handling) await plugin.validate?.(attributes);
    return object;
  };
  return { feed, admit };
}

function claim(spec: object = {}): PersistentVolumeClaim {
  return { metadata: { name: "disk", namespace: "shop" }, spec };
}

const marked = (name: string, creationTimestamp: string) => ({
  metadata: { name, creationTimestamp, annotations: { [isDefaultClassAnnotation]: "true" } },
  provisioner: "p",
});

test("a claim that says nothing of a class gets the youngest default one", async () => {
  const { feed, admit } = world();
  const classOf = async (spec: object) =>
    (await admit(persistentVolumeClaims, claim(spec))).spec?.storageClassName;
  assert.equal(await classOf({}), undefined);
  feed.put(storageClasses, marked("old", "2026-01-01T00:00:00Z"));
  feed.put(storageClasses, marked("young", "2026-02-01T00:00:00Z"));
  assert.equal(await classOf({}), "young");
  assert.equal(await classOf({ storageClassName: "" }), "");
  assert.equal(await classOf({ storageClassName: "slow" }), "slow");
});

test("claims and volumes are born protected, once", async () => {
  const { admit } = world();
  const born = await admit(persistentVolumeClaims, claim());
  assert.deepEqual(born.metadata?.finalizers, ["kubernetes.io/pvc-protection"]);
  const finalizers = ["example.com/mine", "kubernetes.io/pv-protection"];
  const volume = await admit(persistentVolumes, { metadata: { name: "v", finalizers } });
  assert.deepEqual(volume.metadata?.finalizers, finalizers);
});

test("a claim grows where its class lets it, once it is bound", async () => {
  const { feed, admit } = world();
  feed.put(storageClasses, { metadata: { name: "fast" }, provisioner: "p", allowVolumeExpansion: true });
  feed.put(storageClasses, { metadata: { name: "fixed" }, provisioner: "p" });
  const sized = (storageClassName: string, storage: string, phase = "Bound") => ({
    ...claim({ storageClassName, resources: { requests: { storage } } }),
    status: { phase },
  });
  const grow = (name: string, phase?: string) =>
    admit(persistentVolumeClaims, sized(name, "2Gi", phase), {
      operation: "UPDATE",
      oldObject: sized(name, "1Gi", phase),
    });
  await grow("fast");
  await assert.rejects(grow("fast", "Pending"), /Only bound persistent volume claims can be expanded/);
  for (const name of ["fixed", "absent", ""])
    await assert.rejects(grow(name), /the storageclass that provisions the pvc must support resize/);
});

test("a node says of a volume that its directory is gone, and nothing else", async () => {
  const { admit } = world();
  const old: PersistentVolume = {
    metadata: { name: "v", finalizers: ["kubernetes.io/pv-protection", localFinalizer] },
    spec: { local: { path: "/data/v" } },
  };
  const write = (change: (volume: PersistentVolume) => void) => {
    const next = cloneJson(old);
    change(next);
    const user = { name: "system:node:n1", groups: ["system:nodes"] };
    return admit(persistentVolumes, next, { operation: "UPDATE", oldObject: old, user });
  };
  const finalizers =
    (...left: string[]) =>
    (volume: PersistentVolume) => {
      volume.metadata = { ...volume.metadata, finalizers: left };
    };
  await write(finalizers("kubernetes.io/pv-protection"));
  await assert.rejects(write(finalizers()), isForbidden);
  await assert.rejects(write(finalizers(localFinalizer)), isForbidden);
  await assert.rejects(
    write((volume) => {
      finalizers("kubernetes.io/pv-protection")(volume);
      volume.spec = { local: { path: "/etc" } };
    }),
    isForbidden,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  claimReference,
  localFinalizer,
  localNodeLabel,
  localProvisioner,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  provisionedBy,
  volumeProtection,
} from "#api";
import { systemClock } from "#base";
import { onRealNode } from "../testing/on-real-node.ts";

await onRealNode(import.meta.url, "claims of real containers", ({ cluster, node }) => {
  const claims = cluster.client.resource(persistentVolumeClaims, "default");
  const volumes = cluster.client.resource(persistentVolumes);
  const root = `${node.machine.directory}/agent/persistent-volumes`;

  const newClaim = (name: string, accessModes = ["ReadWriteOnce"]) =>
    claims.create({
      metadata: { name },
      spec: { accessModes, resources: { requests: { storage: "1Gi" } } },
    });

  /** As the binder leaves the two. */
  const bind = async (claim: PersistentVolumeClaim, volumeName: string) => {
    const { name = "" } = claim.metadata ?? {};
    await claims.patch(name, { type: "merge", patch: { spec: { volumeName } } });
    await claims.patch(
      name,
      { type: "merge", patch: { status: { phase: "Bound" } } },
      { subresource: "status" },
    );
  };

  const onThisNode = {
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["node"] }] },
      ],
    },
  };

  /** A volume of the built-in class, as its provisioner makes it, bound to a new claim. */
  const directory = async (name: string, spec: object = {}) => {
    const claim = await newClaim(name);
    await volumes.create({
      metadata: {
        name: `pvc-${name}`,
        labels: { [localNodeLabel]: "node" },
        annotations: { [provisionedBy]: localProvisioner },
        finalizers: [localFinalizer, volumeProtection],
      },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        claimRef: claimReference(claim),
        local: { path: `${root}/pvc-${name}` },
        nodeAffinity: onThisNode,
        persistentVolumeReclaimPolicy: "Delete",
        ...spec,
      },
    });
    await volumes.patch(
      `pvc-${name}`,
      { type: "merge", patch: { status: { phase: "Bound" } } },
      { subresource: "status" },
    );
    await bind(claim, `pvc-${name}`);
    return `${root}/pvc-${name}`;
  };

  const using = (claimName: string, more: object = {}) => ({
    volumes: [{ name: "d", persistentVolumeClaim: { claimName, ...more } }],
    restartPolicy: "Never",
  });
  const shell = (script: string, mount: object = {}) => ({
    command: ["sh", "-c", script],
    volumeMounts: [{ name: "d", mountPath: "/d", ...mount }],
  });

  test("what one pod wrote is there for the next, also below a subPath, also read-only", async () => {
    await directory("kept");
    const spec = { ...using("kept"), securityContext: { runAsUser: 1234 } };
    await node.run("writer", shell("echo hello > /d/said; mkdir /d/sub; echo below > /d/sub/file"), spec);
    await node.ended("writer");
    await node.remove("writer");
    await node.run(
      "reader",
      shell("cat /d/file; touch /d/x || echo read-only", { subPath: "sub" }),
      using("kept", { readOnly: true }),
    );
    await node.ended("reader");
    assert.match(await node.logs("reader"), /^below\n.*\n?read-only\n/s);
    await node.remove("reader");
  });

  test("fsGroup hands the volume over, with all that is in it; a link in it leads nowhere", async () => {
    const path = await directory("shared");
    const outside = `${node.machine.directory}/outside`;
    await node.host.files.write(outside, "", { mode: 0o600 });
    await node.run(
      "owner",
      shell(`echo 1 > /d/file; chmod 600 /d/file; ln -s ${outside} /d/link`),
      using("shared"),
    );
    await node.ended("owner");
    const securityContext = { runAsUser: 1234, runAsGroup: 99, fsGroup: 4321 };
    await node.run("member", shell("cat /d/file; touch /d/new; ls -n /d/new | cut -d' ' -f1,7-9"), {
      ...using("shared"),
      securityContext,
    });
    await node.ended("member");
    assert.match(await node.logs("member"), /^1\n/);
    const made = await node.host.files.stat(`${path}/new`);
    assert.deepEqual([made?.user, made?.group], [1234, 4321]);
    const untouched = await node.host.files.stat(outside);
    assert.deepEqual([untouched?.mode, untouched?.group], [0o600, 0]);
    await Promise.all(["owner", "member"].map((name) => node.remove(name)));
  });

  test("a pod waits, and says why, until its claim is bound", async () => {
    const claim = await newClaim("late");
    await node.run("early", shell("echo went > /d/on; cat /d/on"), using("late"));
    await node.event(
      "early",
      "FailedMount",
      'volume "d" : error processing PVC default/late: PVC is not bound',
    );
    await volumes.create({
      metadata: { name: "late" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        claimRef: claimReference(claim),
        hostPath: { path: `${node.machine.directory}/late`, type: "DirectoryOrCreate" },
      },
    });
    await bind(claim, "late");
    await node.ended("early");
    assert.equal(await node.logs("early"), "went\n");
    await node.remove("early");
  });

  test("what is not here, or no directory, is refused in words", async () => {
    const elsewhere = {
      required: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["other"] }] }],
      },
    };
    await directory("elsewhere", { nodeAffinity: elsewhere });
    await directory("absent", { local: { path: `${node.machine.directory}/absent` } });
    await directory("block", { volumeMode: "Block" });
    const complaints = {
      elsewhere: "the volume is not on node node: no matching NodeSelectorTerms",
      absent: `path "${node.machine.directory}/absent" does not exist`,
      block: "PV pvc-block is a raw device (volumeMode Block), which this node cannot give to containers",
    };
    for (const [name, complaint] of Object.entries(complaints)) {
      await node.run(name, shell("true"), using(name));
      await node.event(name, "FailedMount", complaint);
      await node.remove(name);
    }
  });

  test("a deleted volume's directory goes when no pod uses it any more; one to be retained stays", async () => {
    const path = await directory("going");
    const retained = await directory("retained", { persistentVolumeReclaimPolicy: "Retain" });
    await Promise.all([
      node.run("user", shell("touch /d/file; exec sleep 1000"), using("going")),
      node.run("other", shell("touch /d/file"), using("retained")),
    ]);
    await node.ready("user");
    await node.ended("other");
    await node.remove("other");
    for (const name of ["pvc-going", "pvc-retained"]) await volumes.delete(name);
    await released("pvc-retained");
    await gone("pvc-retained");
    assert.ok(await node.host.files.exists(`${retained}/file`));
    await node.remove("user");
    assert.ok(await node.host.files.exists(`${path}/file`), "it is bound");
    await node.run("user", shell("exec sleep 1000"), using("going"));
    await node.ready("user");
    await released("pvc-going");
    assert.ok(await node.host.files.exists(`${path}/file`), "it is in use");
    await node.remove("user");
    await gone("pvc-going");
    assert.ok(!(await node.host.files.exists(path)));
  });

  /** As the binder and the protection leave it once its claim is gone. */
  async function released(name: string): Promise<void> {
    await volumes.patch(
      name,
      { type: "merge", patch: { status: { phase: "Released" } } },
      { subresource: "status" },
    );
    await volumes.patch(name, { type: "merge", patch: { metadata: { finalizers: [localFinalizer] } } });
  }

  async function gone(name: string): Promise<void> {
    const deadline = systemClock.monotonicMs() + 10_000;
    while (
      await volumes.get(name).then(
        () => true,
        () => false,
      )
    ) {
      if (systemClock.monotonicMs() > deadline) throw new Error(`volume ${name} never went`);
      await systemClock.sleep(5);
    }
  }
});

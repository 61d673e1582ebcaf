import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, before, test } from "node:test";
import { importBusybox } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Storage as a user has it: a claim needs nothing but a size, and what was written stays. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await importBusybox(machine);
  await run("wait serviceaccount/default --for=create --timeout=20s");
});

const { run, fails } = typing(machine);

const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: notes}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`;

/** A pod that has the claim at /notes, for a user who is not root. */
const writer = (name: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {runAsUser: 1000}
  containers:
    - name: main
      image: busybox:1
      command: [sleep, "3600"]
      volumeMounts: [{name: notes, mountPath: /notes}]
  volumes:
    - name: notes
      persistentVolumeClaim: {claimName: notes}
`;

const start = async (name: string) => {
  await run("apply -f -", writer(name));
  await run(`wait pod/${name} --for=condition=Ready --timeout=30s`);
};

test("there is a default class, whose volumes wait for the first pod", async () => {
  assert.match(
    await run("get storageclass"),
    /local \(default\) +nacre\.dev\/local-directory +Delete +WaitForFirstConsumer +true/,
  );
  await run("apply -f -", claim);
  await run("wait pvc/notes --for=jsonpath={.status.phase}=Pending --timeout=10s");
  await run("wait --for=create event --field-selector reason=WaitForFirstConsumer --timeout=10s");
  assert.match(await run("describe pvc notes"), /waiting for first consumer to be created before binding/);
});

test("a pod writes to its claim, and the next pod reads it", async () => {
  await start("first");
  assert.match(await run("get pvc notes"), /notes +Bound +pvc-\S+ +1Gi +RWO +local /);
  await run("exec first -- sh -c 'echo remember >/notes/file'");
  await run("delete pod first");
  await start("second");
  assert.equal(await run("exec second -- cat /notes/file"), "remember");
  assert.match(await run("get pv"), /pvc-\S+ +1Gi +RWO +Delete +Bound +default\/notes +local /);
});

test("a claim grows where it is", async () => {
  await run(`patch pvc notes -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'`);
  await run("wait pvc/notes --for=jsonpath={.status.capacity.storage}=2Gi --timeout=10s");
  const shrink = `patch pvc notes -p '{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}'`;
  assert.match(await fails(shrink), /field can not be less than status.capacity/);
});

test("what was written is there after the cluster was down", async () => {
  await machine.nacre("down");
  await machine.up();
  await run("wait pod/second --for=jsonpath={.status.containerStatuses[0].restartCount}=1 --timeout=60s");
  await run("wait pod/second --for=condition=Ready --timeout=60s");
  assert.equal(await run("exec second -- cat /notes/file"), "remember");
});

test("a claim that is deleted while a pod uses it waits, and takes its directory along", async () => {
  const volume = await run("get pvc notes -o jsonpath={.spec.volumeName}");
  const path = await run(`get pv ${volume} -o jsonpath={.spec.local.path}`);
  assert.ok((await stat(path)).isDirectory());
  await run("delete pvc notes --wait=false");
  assert.match(await run("get pvc notes"), /notes +Terminating/);
  assert.equal(await run("exec second -- cat /notes/file"), "remember");
  await run("delete pod second");
  await run("wait pvc/notes --for=delete --timeout=20s");
  await run(`wait pv/${volume} --for=delete --timeout=20s`);
  await assert.rejects(stat(path), { code: "ENOENT" });
});

test("each pod of a StatefulSet gets a claim of its own, and finds it again", async () => {
  await run(
    "apply -f -",
    `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox:1
          command: [sh, -c, 'hostname >> /data/names; exec sleep 3600']
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 1Gi}}
`,
  );
  await run("rollout status statefulset/db --timeout=60s");
  const uid = await run("get pod db-1 -o jsonpath={.metadata.uid}");
  await run("delete pod db-1");
  await run("wait pod/db-1 --for=create --timeout=30s");
  await run("wait pod/db-1 --for=condition=Ready --timeout=30s");
  assert.notEqual(await run("get pod db-1 -o jsonpath={.metadata.uid}"), uid);
  assert.equal(await run("exec db-1 -- cat /data/names"), "db-1\ndb-1");
  assert.equal(await run("exec db-0 -- cat /data/names"), "db-0");
  assert.match(await run("get pvc -o name"), /data-db-0\n.*data-db-1/);
});

test("what no directory can be is refused where people look", async () => {
  await run("apply -f -", claim.replace("ReadWriteOnce", "ReadWriteMany"));
  await run("apply -f -", writer("third"));
  const why = "access mode ReadWriteMany is not supported, ReadWriteOnce and ReadWriteOncePod are";
  await run("wait --for=create event --field-selector reason=ProvisioningFailed --timeout=10s");
  assert.ok((await run("describe pvc notes")).includes(why));
});

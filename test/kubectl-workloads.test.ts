import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { importBusybox } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Workloads besides deployments, with the unmodified kubectl and running containers. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await importBusybox(machine);
  await run("wait serviceaccount/default --for=create --timeout=20s");
});

const { run } = typing(machine);

const db = `
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 8080}]
---
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
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: busybox:1
          command: [sh, -c, 'hostname >/tmp/index.html; exec httpd -f -p 8080 -h /tmp']
          env: [{name: INDEX, valueFrom: {fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}}}]
`;

test("the pods of a stateful set have names that others reach them by, and keep them", async () => {
  await run("apply -f -", db);
  assert.match(await run("rollout status statefulset/db --timeout=60s"), /2 new pods have been updated/);
  assert.match(await run("get statefulset db"), /db +2\/2/);
  const asked = "exec db-0 -- wget -qO- http://db-1.db.default.svc.cluster.local:8080/";
  assert.equal(await run(asked), "db-1");
  assert.equal(await run("exec db-1 -- sh -c 'echo $INDEX'"), "1");

  const uid = await run("get pod db-1 -o jsonpath={.metadata.uid}");
  await run("delete pod db-1");
  await run("rollout status statefulset/db --timeout=60s");
  await run("wait pod/db-1 --for=condition=Ready --timeout=30s");
  assert.notEqual(await run("get pod db-1 -o jsonpath={.metadata.uid}"), uid);
  assert.equal(await run(asked), "db-1");
});

test("rollout restart, undo and scale work on a stateful set as on a deployment", async () => {
  await run("set env statefulset/db COLOR=green");
  await run("rollout status statefulset/db --timeout=60s");
  assert.equal(await run("exec db-0 -- sh -c 'echo $COLOR'"), "green");
  assert.equal(await run("rollout undo statefulset/db"), "statefulset.apps/db rolled back");
  await run("rollout status statefulset/db --timeout=60s");
  assert.equal(await run("exec db-0 -- sh -c 'echo $COLOR'"), "");
  await run("rollout restart statefulset/db");
  await run("rollout status statefulset/db --timeout=60s");
  await run("scale statefulset/db --replicas=1");
  await run("wait pod/db-1 --for=delete --timeout=30s");
  assert.equal(await run("get pods -l app=db -o name"), "pod/db-0");
  assert.match(
    await run("describe statefulset db"),
    /SuccessfulDelete .*delete Pod db-1 in StatefulSet db successful/,
  );
  await run("delete statefulset/db service/db");
});

test("a pod of a stateful set finds its data again; what is scaled away keeps it, if the set does not say otherwise", async () => {
  await run("apply -f -", ledger);
  await run("rollout status statefulset/ledger --timeout=60s");
  await run("exec ledger-1 -- sh -c 'echo kept >/data/entry'");
  await run("delete pod ledger-1");
  await run("wait pod/ledger-1 --for=create --timeout=30s");
  await run("wait pod/ledger-1 --for=condition=Ready --timeout=30s");
  assert.equal(await run("exec ledger-1 -- cat /data/entry"), "kept");
  await run("scale statefulset/ledger --replicas=1");
  await run("wait pod/ledger-1 --for=delete --timeout=30s");
  assert.match(await run("get pvc"), /data-ledger-0 +Bound[\s\S]*data-ledger-1 +Bound/);
  await run("scale statefulset/ledger --replicas=2");
  await run("rollout status statefulset/ledger --timeout=60s");
  assert.equal(await run("exec ledger-1 -- cat /data/entry"), "kept");
  await run(
    `patch statefulset ledger -p '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Delete","whenDeleted":"Delete"}}}'`,
  );
  await run("scale statefulset/ledger --replicas=1");
  await run("wait pvc/data-ledger-1 --for=delete --timeout=30s");
  await run("delete statefulset ledger");
  await run("wait pvc/data-ledger-0 --for=delete --timeout=30s");
});

const ledger = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger}
spec:
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: busybox:1
          command: [sleep, '3600']
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
`;

test("a daemon set has a pod on the node, drained or not, and rolls over", async () => {
  await run("apply -f -", log);
  assert.match(await run("rollout status daemonset/log --timeout=30s"), /successfully rolled out/);
  assert.match(await run("get daemonset log"), /log +1 +1 +1 +1 +1 /);
  const node = await run("get node -o jsonpath={.items[0].metadata.name}");
  const pod = await run("get pods -l app=log -o name");
  await run(`drain ${node} --ignore-daemonsets --pod-selector=app=log --timeout=30s`);
  assert.equal(await run("get pods -l app=log -o name"), pod);
  await run("set env daemonset/log LEVEL=high");
  await run("rollout status daemonset/log --timeout=30s");
  assert.equal(await run("exec daemonset/log -- sh -c 'echo $LEVEL'"), "high");
  await run(`uncordon ${node}`);
  await run("rollout undo daemonset/log");
  await run("rollout status daemonset/log --timeout=30s");
  assert.equal(await run("exec daemonset/log -- sh -c 'echo $LEVEL'"), "");
  await run("delete daemonset log --timeout=30s");
});

const log = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: log}
spec:
  selector: {matchLabels: {app: log}}
  template:
    metadata: {labels: {app: log}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: 'busybox:1', command: [sleep, '3600']}]
`;

test("a job runs to its end, kubectl waits for it and shows what it said", async () => {
  assert.equal(await run("create job once --image=busybox:1 -- echo done"), "job.batch/once created");
  await run("wait job/once --for=condition=complete --timeout=30s");
  assert.equal(await run("logs job/once"), "done");
  assert.match(await run("get job once"), /once +Complete +1\/1/);
  assert.match(
    await run("describe job once"),
    /Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/,
  );
  await run("delete job once --timeout=30s");
  assert.equal(await run("get pods -l job-name=once -o name"), "");
});

test("a job that fails too often says so, and its pods stay to be looked at", async () => {
  await run("apply -f -", jobOf("fails", "exit 3", "backoffLimit: 0"));
  await run("wait job/fails --for=condition=failed --timeout=30s");
  assert.match(
    await run("describe job fails"),
    /BackoffLimitExceeded +Job has reached the specified backoff limit|Warning +BackoffLimitExceeded/,
  );
  assert.match(await run("get pods -l job-name=fails"), /Error/);
  await run("delete job fails --timeout=30s");
});

test("each pod of an indexed job works on its own part; one that is deleted on the way is made again", async () => {
  const script = "sleep 3; echo part $JOB_COMPLETION_INDEX of $(hostname)";
  const more =
    "completions: 3, parallelism: 3, completionMode: Indexed, podReplacementPolicy: Failed, ttlSecondsAfterFinished: 600";
  await run("apply -f -", jobOf("parts", script, more));
  await run("wait job/parts --for=jsonpath={.status.active}=3 --timeout=30s");
  await run("wait pod -l batch.kubernetes.io/job-completion-index=1 --for=condition=Ready --timeout=30s");
  await run("delete pod -l batch.kubernetes.io/job-completion-index=1 --grace-period=1 --timeout=30s");
  await run("wait job/parts --for=condition=complete --timeout=60s");
  assert.equal(await run("get job parts -o jsonpath={.status.completedIndexes}"), "0-2");
  assert.equal(await run("get job parts -o jsonpath={.status.failed}"), "1");
  const succeeded = "--field-selector=status.phase=Succeeded -l batch.kubernetes.io/job-completion-index=2";
  const name = await run(`get pods ${succeeded} -o jsonpath={.items[0].metadata.name}`);
  assert.equal(await run(`logs ${name}`), "part 2 of parts-2");
  await run("delete job parts --timeout=30s");
});

test("a cron job starts jobs by itself, and by hand; suspended, it starts none", async () => {
  await run("create cronjob tick --image=busybox:1 --schedule='@every 1s' -- echo tick");
  await run("wait cronjob/tick --for=jsonpath={.status.lastSuccessfulTime} --timeout=30s");
  assert.match(await run("describe cronjob tick"), /SuccessfulCreate .*Created job tick-\d+/);
  await run('patch cronjob tick -p \'{"spec":{"suspend":true}}\'');
  await run("create job by-hand --from=cronjob/tick");
  await run("wait job/by-hand --for=condition=complete --timeout=30s");
  assert.equal(await run("logs job/by-hand"), "tick");
  assert.match(await run("get cronjob tick"), /tick +@every 1s +<none> +True +0 /);
  await run("delete cronjob tick --timeout=30s");
  await run("wait job/by-hand --for=delete --timeout=30s");
});

function jobOf(name: string, script: string, more: string): string {
  return `
apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: 'busybox:1', command: [sh, -c, '${script}']}]
${more
  .split(", ")
  .map((line) => `  ${line}`)
  .join("\n")}
`;
}

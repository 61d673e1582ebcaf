import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { upWithBusybox } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Running containers, with the unmodified kubectl. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await upWithBusybox(machine);
  await run("apply -f -", shell);
  await run("wait pod/shell --for=condition=Ready --timeout=30s");
});

const { run, fails, get, startInTerminal } = typing(machine);

/** A pod to talk to: says what it is told to, serves a page, and ends when asked. */
const shell = `
apiVersion: v1
kind: Pod
metadata:
  name: shell
  labels: {app: shell}
spec:
  terminationGracePeriodSeconds: 5
  containers:
    - name: main
      image: busybox:1
      command: [sh, -c, 'echo started; trap "echo ended; exit" TERM; while :; do sleep 3600 & wait; done']
      env:
        - {name: COLOR, value: blue}
        - name: WHO
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
    - name: web
      image: busybox:1
      command: [sh, -c, 'echo page >/tmp/index.html; exec httpd -f -v -p 8080 -h /tmp']
`;

test("run starts a pod, and its own output can be followed from start to end", async () => {
  const printed = await run(
    "run once --image=busybox:1 --restart=Never --attach --rm -q -- echo hello there",
  );
  assert.match(printed, /^hello there/);
  assert.match(await fails("get pod once"), /"once" not found/);
});

test("run with a terminal gives a shell", async () => {
  const line = "run -it visit --image=busybox:1 --restart=Never --rm --command -- sh";
  const visiting = await startInTerminal(line);
  await visiting.printed(/# /);
  visiting.type("tty; echo $((20 + 3)); exit\n");
  await visiting.printed(/\n23\r/);
  await visiting.ended;
  assert.match(await fails("get pod visit"), /"visit" not found/);
});

test("get and describe show a running pod", async () => {
  assert.match(
    await run("get pod shell -o wide"),
    /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE .*\nshell +2\/2 +Running +0 +\d+s +10\.244\.0\.\d+ +\S+/,
  );
  const text = await run("describe pod shell");
  assert.match(text, /Status: +Running\nIP: +10\.244/);
  for (const reason of ["Scheduled", "Pulled", "Created", "Started"]) {
    assert.match(text, new RegExp(`Normal +${reason} `));
  }
  assert.match(await run("events --for pod/shell"), /Scheduled +Pod\/shell +Successfully assigned/);
  assert.match(await run("get events --field-selector involvedObject.name=shell"), /Started container main/);
});

test("logs are printed whole, in part, with times, and for all pods of a label", async () => {
  const script = 'i=0; while [ $i -lt 20 ]; do i=$((i + 1)); echo "line $i"; done';
  await run(`run talker --image=busybox:1 --restart=Never -l app=talker --command -- sh -c '${script}'`);
  await run("wait pod/talker --for=jsonpath={.status.phase}=Succeeded --timeout=30s");
  assert.equal((await run("logs talker")).split("\n").length, 20);
  assert.equal(await run("logs talker --tail=2"), "line 19\nline 20");
  assert.equal((await run("logs talker --since=1h")).split("\n").length, 20);
  assert.equal(await run("logs talker --since-time=2099-01-01T00:00:00Z"), "");
  assert.equal(await run("logs talker --limit-bytes=6"), "line 1");
  assert.match(await run("logs talker --timestamps --tail=1"), /^\d{4}-\d\d-\d\dT[\d:.]+Z line 20$/);
  assert.equal(await run("logs -l app=talker --tail=1 --prefix"), "[pod/talker/talker] line 20");
  assert.match(await run("logs shell --all-containers"), /started/);
  assert.match(await fails("logs shell -c nobody"), /container nobody is not valid for pod shell/);
  assert.match(await fails("logs nobody"), /pods "nobody" not found/);
  await run("delete pod talker");
});

test("logs -f prints lines as they are written, until the container ends", async () => {
  const script = 'echo first; read line </tmp/in; echo "then $line"';
  await run(`run waiter --image=busybox:1 --restart=Never --command -- sh -c 'mkfifo /tmp/in; ${script}'`);
  await run("wait pod/waiter --for=condition=Ready --timeout=30s");
  const following = await machine.startKubectl("logs", "-f", "waiter");
  await following.printed(/first/);
  // The container ends upon it, and may take along who told it before that has ended itself.
  const telling = await machine.startKubectl("exec", "waiter", "--", "sh", "-c", "echo second >/tmp/in");
  await following.printed(/then second/);
  assert.equal((await following.ended).code, 0);
  await telling.ended;
  await run("delete pod waiter");
});

test("logs --previous are those of the container before the restart", async () => {
  const script =
    "test -f /kept/seen && { echo again; exec sleep 3600; }; touch /kept/seen; echo first; exit 1";
  await run(
    "apply -f -",
    `
apiVersion: v1
kind: Pod
metadata: {name: restarted}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1
      command: [sh, -c, '${script}']
      volumeMounts: [{name: kept, mountPath: /kept}]
  volumes: [{name: kept, emptyDir: {}}]
`,
  );
  await run("wait pod/restarted --for=jsonpath={.status.containerStatuses[0].restartCount}=1 --timeout=30s");
  await run("wait pod/restarted --for=condition=Ready --timeout=30s");
  assert.equal(await run("logs restarted --previous"), "first");
  assert.equal(await run("logs restarted"), "again");
  const [status] = (await get("pod restarted")).status.containerStatuses;
  assert.equal(status.lastState.terminated.exitCode, 1);
  await run("delete pod restarted");
});

test("exec runs commands, hands on their input and gives back their exit code", async () => {
  assert.equal(await run("exec shell -c main -- sh -c 'echo $COLOR $WHO'"), "blue shell");
  assert.equal(await run("exec -i shell -c main -- cat", "typed text\n"), "typed text");
  const big = "0123456789abcde\n".repeat(64 * 1024);
  const { stdout } = await machine.kubectlWith(
    { input: big },
    "exec",
    "-i",
    "shell",
    "-c",
    "web",
    "--",
    "cat",
  );
  assert.ok(stdout === big, `a megabyte comes back as it went (${stdout.length} bytes)`);
  const { code, stderr } = await machine.kubectlWith(
    { mayFail: true },
    ...["exec", "shell", "-c", "main", "--", "sh", "-c", "echo oh >&2; exit 7"],
  );
  assert.equal(code, 7);
  assert.match(stderr, /^oh\ncommand terminated with exit code 7/);
  const missing = await machine.kubectlWith({ mayFail: true }, ..."exec shell -c main -- nosuch".split(" "));
  assert.match(missing.stderr, /^exec failed: .*"nosuch": executable file not found in \$PATH$/m);
  assert.doesNotMatch(missing.stderr, /level=/);
  assert.equal(missing.code, 127);
  assert.match(await fails("exec shell -c main -- /etc/hosts"), /permission denied\n.* exit code 126/);
  assert.match(await fails("exec nobody -- true"), /pods "nobody" not found/);
});

test("exec with a terminal has one, of the size of the person's", async () => {
  const typed = await startInTerminal("exec -it shell -c main -- sh", "stty rows 41 cols 97;");
  await typed.printed(/# /);
  typed.type("stty size; exit 3\n");
  await typed.printed(/41 97/);
  assert.equal((await typed.ended).code, 3);
  const missing = await startInTerminal("exec -it shell -c main -- nosuch");
  await missing.printed(/"nosuch": executable file not found in \$PATH\r\n/);
  assert.equal((await missing.ended).code, 127);
});

test("attach speaks with a running container", async () => {
  const echo = '{"spec":{"containers":[{"name":"echo","image":"busybox:1","stdin":true,"command":["cat"]}]}}';
  await run(`run echo --image=busybox:1 --restart=Never --overrides='${echo}'`);
  await run("wait pod/echo --for=condition=Ready --timeout=30s");
  const attached = await machine.startKubectl("attach", "-i", "echo");
  attached.type("is anybody there\n");
  await attached.printed(/^is anybody there$/m);
  await attached.stop();
  assert.equal(await run("logs echo"), "is anybody there");
  await run("delete pod echo --grace-period=1");
});

test("cp carries files and folders in and out", async () => {
  const there = join(machine.directory, "there.txt");
  const back = join(machine.directory, "back.txt");
  const content = "mother of pearl\n".repeat(10_000);
  await writeFile(there, content);
  await run(`cp ${there} shell:/tmp/copied.txt -c main`);
  assert.equal(await run("exec shell -c main -- tail -n 1 /tmp/copied.txt"), "mother of pearl");
  await run(`cp shell:/tmp/copied.txt ${back} -c main`);
  assert.equal(await readFile(back, "utf8"), content);
  await run("exec shell -c main -- sh -c 'mkdir -p /tmp/folder/deep; echo x >/tmp/folder/deep/file'");
  await run(`cp shell:/tmp/folder ${join(machine.directory, "folder")} -c main`);
  assert.equal(await readFile(join(machine.directory, "folder/deep/file"), "utf8"), "x\n");
});

test("port-forward reaches a pod and a service, many connections at once", async () => {
  await run("expose pod shell --port=80 --target-port=8080");
  for (const [target, port] of [
    ["pod/shell", "8080"],
    ["service/shell", "80"],
  ] as const) {
    const forwarding = await machine.startKubectl("port-forward", target, `:${port}`);
    const local = await forwarding.printed(/127\.0\.0\.1:(\d+) -> 8080/);
    const pages = await Promise.all(Array.from({ length: 8 }, () => page(local)));
    assert.deepEqual(new Set(pages), new Set(["page\n"]));
    await forwarding.stop();
  }
  const nowhere = await machine.startKubectl("port-forward", "pod/shell", ":9");
  const local = await nowhere.printed(/127\.0\.0\.1:(\d+) -> 9/);
  await machine.run("curl", ["-sS", `http://127.0.0.1:${local}`], { mayFail: true });
  await nowhere.printed(/failed to connect to port 9 inside the pod/);
  await nowhere.stop();
  await run("delete service shell");
});

test("delete asks the container to end, waits for its grace, and then insists", async () => {
  await run("apply -f -", shell.replace("name: shell", "name: polite"));
  await run("wait pod/polite --for=condition=Ready --timeout=30s");
  const following = await machine.startKubectl("logs", "-f", "polite", "-c", "main");
  await following.printed(/started/);
  await run("exec polite -c web -- true");
  await run("delete pod polite --grace-period=1 --timeout=30s");
  await following.printed(/ended/);
  await following.ended;
  assert.match(await fails("get pod polite"), /"polite" not found/);

  await run("run deaf --image=busybox:1 --command -- sleep 3600");
  await run("wait pod/deaf --for=condition=Ready --timeout=30s");
  const forced = await machine.kubectl("delete", "pod", "deaf", "--force", "--grace-period=0");
  assert.match(forced.stderr, /Immediate deletion does not wait/);
  assert.match(await fails("get pod deaf"), /"deaf" not found/);
});

test("a pod that fills its disk is evicted, and describe says why", async () => {
  const pod = shell
    .replace("name: shell", "name: full")
    .replace("'echo started;", "'head -c 3000000 /dev/zero >/tmp/file; echo started;")
    .replace("env:", "resources: {limits: {ephemeral-storage: 2Mi}}\n      env:");
  await run("apply -f -", pod);
  await run("wait pod/full --for=jsonpath={.status.phase}=Failed --timeout=60s");
  const text = await run("describe pod full");
  assert.match(text, /Reason: +Evicted\nMessage: +Pod ephemeral local storage usage exceeds the total limit/);
  assert.match(text, /Warning +Evicted /);
  await run("delete pod full");
});

test("taint, cordon, uncordon and drain keep pods off a node, and bring them back", async () => {
  const node = await run("get node -o jsonpath={.items[0].metadata.name}");
  await run("apply -f -", mover);
  await run("rollout status deployment/mover --timeout=30s");
  assert.match(
    await run(`drain ${node} --ignore-daemonsets --force --timeout=30s --pod-selector=app=mover`),
    /drained/,
  );
  assert.match(await run("get node"), /Ready,SchedulingDisabled/);
  await run("wait pod -l app=mover --for=condition=PodScheduled=false --timeout=30s");
  assert.equal(await run(`uncordon ${node}`), `node/${node} uncordoned`);
  await run("rollout status deployment/mover --timeout=30s");
  assert.equal(await run(`taint node ${node} quiet=yes:NoSchedule`), `node/${node} tainted`);
  await run("run late --image=busybox:1 --command -- sleep 3600");
  await run("wait pod/late --for=condition=PodScheduled=false --timeout=30s");
  assert.equal(await run(`taint node ${node} quiet-`), `node/${node} untainted`);
  await run("wait pod/late --for=condition=Ready --timeout=30s");
  await run("delete pod late --grace-period=1");
});

test("drain waits for a disruption budget: the second pod goes when another is ready in the place of the first", async () => {
  const node = await run("get node -o jsonpath={.items[0].metadata.name}");
  await run("scale deployment/mover --replicas=2");
  await run("rollout status deployment/mover --timeout=30s");
  await run("create poddisruptionbudget mover --selector=app=mover --min-available=1");
  await run("wait pdb/mover --for=jsonpath={.status.disruptionsAllowed}=1 --timeout=30s");
  assert.match(await run("get pdb mover"), /mover +1 +N\/A +1 /);
  const draining = await machine.startKubectl("drain", node, "--pod-selector=app=mover", "--timeout=60s");
  await draining.printed(/Cannot evict pod as it would violate the pod's disruption budget/);
  assert.match(await run("get pdb mover"), /mover +1 +N\/A +0 /);
  await run(`uncordon ${node}`);
  await draining.printed(/drained/);
  await run("rollout status deployment/mover --timeout=30s");
  assert.match(
    await run("describe pdb mover"),
    /Allowed disruptions: +1\s+Current: +2\s+Desired: +1\s+Total: +2\n/,
  );
  await run("delete pdb/mover deployment/mover");
});

const mover = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: mover}
spec:
  selector: {matchLabels: {app: mover}}
  template:
    metadata: {labels: {app: mover}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: 'busybox:1', command: [sleep, '3600']}]
`;

async function page(port: string): Promise<string> {
  return (await machine.run("curl", ["-sS", "--fail", `http://127.0.0.1:${port}/`])).stdout;
}

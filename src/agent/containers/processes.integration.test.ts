import assert from "node:assert/strict";
import { test } from "node:test";
import { type EphemeralContainer, type Pod, pods } from "#api";
import { channels, encodeFrame } from "#base";
import { onRealNode } from "../testing/on-real-node.ts";
import { heard, isReady } from "../testing/real-node.ts";

/** Dead ones that nobody has asked after are left out. */
const untilOnlyOneSleeps = `sleeping() { for one in $(grep -lx sleep /proc/[0-9]*/comm); do
  grep -L State:.Z "\${one%comm}status"; done | wc -l; }
while [ $(sleeping) -gt 1 ]; do usleep 10000; done; echo alone`;

await onRealNode(import.meta.url, "who sees whose processes", ({ node }) => {
  const debug = (pod: string, container: Partial<EphemeralContainer>) => {
    const ephemeralContainers = [
      { name: "debug", image: "busybox:test", imagePullPolicy: "IfNotPresent", ...container },
    ];
    return node.client
      .resource(pods, "default")
      .patch(
        pod,
        { type: "strategic", patch: { spec: { ephemeralContainers } } },
        { subresource: "ephemeralcontainers" },
      );
  };
  const stateOf = (pod: Pod | undefined) => pod?.status?.ephemeralContainerStatuses?.[0]?.state;
  const runs = (pod: Pod | undefined) => stateOf(pod)?.running !== undefined;

  test("an ephemeral container sees its target's processes, the pod's volumes and network", async () => {
    const script = "echo kept >/v/file; mkdir /www; echo page >/www/x; exec httpd -f -p 8080 -h /www";
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    const container = { command: ["sh", "-c", script], volumeMounts };
    await node.run("web", container, { volumes: [{ name: "v", emptyDir: {} }] });
    await node.ready("web");
    await debug("web", {
      targetContainerName: "main",
      command: ["sh"],
      stdin: true,
      tty: true,
      env: [{ name: "WHO", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      volumeMounts: [{ name: "v", mountPath: "/seen" }],
    });
    await node.until("web", "looked at", runs);
    const look = "tr '\\0' ' ' </proc/1/cmdline; echo; echo $WHO; cat /seen/file; wget -qO- 127.0.0.1:8080/x";
    const { stdout, stderr } = await node.exec("web", ["sh", "-c", look], "", "debug");
    assert.equal(stdout, "httpd -f -p 8080 -h /www \nweb\nkept\npage\n", stderr);
    const attached = node.talk("/attach/default/web/debug", [
      ["stdin", "true"],
      ["tty", "true"],
    ]);
    attached.write(frame("echo $((20 + 3)); exit 4\n"));
    assert.match((await heard(attached)).stdout, /\n23\r/);
    const pod = await node.until("web", "left", (one) => stateOf(one)?.terminated !== undefined);
    assert.equal(stateOf(pod)?.terminated?.exitCode, 4);
    assert.equal(pod.status?.containerStatuses?.[0]?.restartCount, 0);
    assert.match(await node.logs("web", "", "debug"), /23\r\n/);
    await node.remove("web");
  });

  test("what an ephemeral container started ends with it, and the target goes on", async () => {
    await node.run("calm", { command: ["sleep", "1000"] });
    await node.ready("calm");
    await debug("calm", { targetContainerName: "main", command: ["sh", "-c", "sleep 999 & exit 0"] });
    await node.until("calm", "left", (one) => stateOf(one)?.terminated?.exitCode === 0);
    assert.equal(await node.shell("calm", untilOnlyOneSleeps), "alone\n");
    const pod = await node.client.resource(pods, "default").get("calm");
    assert.ok(pod.status?.containerStatuses?.[0]?.ready);
    await node.remove("calm");
  });

  test("an ephemeral container that still runs ends with its pod", async () => {
    await node.run("brief", { command: ["sleep", "1"] }, { restartPolicy: "Never" });
    await node.ready("brief");
    await debug("brief", { command: ["sleep", "1000"] });
    const pod = await node.ended("brief");
    assert.equal(pod.status?.phase, "Succeeded");
    assert.equal(stateOf(pod)?.terminated?.exitCode, 137);
    await node.remove("brief");
  });

  const one = (name: string, script: string) => ({
    name,
    image: "busybox:test",
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", script],
  });
  const restartsOf = (pod: Pod | undefined, name: string) =>
    pod?.status?.containerStatuses?.find((each) => each.name === name)?.restartCount ?? 0;

  test("containers that share their processes see and signal each other; one that ends takes nobody along", async () => {
    await node.run(
      "shared",
      {},
      {
        shareProcessNamespace: true,
        containers: [
          one("main", "sleep 999 & exec sleep 1000"),
          { ...one("other", "exec sleep 2000"), securityContext: { capabilities: { add: ["SYS_PTRACE"] } } },
        ],
      },
    );
    await node.ready("shared");
    const look = (line: string) => node.exec("shared", ["sh", "-c", line], "", "other");
    const seen = "cat /proc/1/cmdline; echo; for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; done";
    const { stdout } = await look(seen);
    assert.match(stdout, /^\/pause\0\n/);
    assert.match(stdout, /sleep 1000 /);
    // Even who may trace it finds nothing of the machine in the first process.
    assert.equal((await look("ls /proc/1/root")).stdout, "dev\npause\nproc\nsys\n");
    assert.match((await look("grep CapBnd /proc/1/status")).stdout, /\t0{16}\n/);
    await look("kill -KILL $(grep -l '^sleep.1000' /proc/[0-9]*/cmdline | cut -d/ -f3)");
    const pod = await node.until("shared", "mended", (each) => restartsOf(each, "main") === 1);
    assert.equal(restartsOf(pod, "other"), 0);
    await node.until("shared", "ready again", isReady);
    // What the container before had started went with it, and the first process buried the dead.
    const three =
      "while [ $(grep -lx sleep /proc/[0-9]*/comm | wc -l) -ne 3 ]; do usleep 10000; done; echo three";
    assert.equal((await look(three)).stdout, "three\n");
  });

  test("a shared namespace outlives the agent, and is made anew with the pod when its first process is killed", async () => {
    await node.stop();
    await node.start();
    const before = await node.until("shared", "adopted", isReady);
    const { host, machine: own } = node;
    const uid = before.metadata?.uid;
    const path = `${own.directory}/run/sandboxes/${uid}/pause/pidfile`;
    host.signal(Number(await host.files.read(path)), 9);
    const after = await node.until(
      "shared",
      "started over",
      (pod) => isReady(pod) && restartsOf(pod, "other") > 0 && restartsOf(pod, "main") > 1,
    );
    assert.equal(after.metadata?.uid, uid);
    await node.event("shared", "SandboxChanged", "Pod sandbox changed");
    await node.remove("shared");
  });

  test("a pod on the machine's processes and memory sees them", async () => {
    await node.run("host", { command: ["sleep", "1000"] }, { hostPID: true, hostIPC: true });
    await node.ready("host");
    const own = ["pid", "ipc"].map((name) => node.host.files.readLink(`/proc/self/ns/${name}`));
    const inside = await node.shell("host", "for name in pid ipc; do readlink /proc/self/ns/$name; done");
    assert.equal(inside, `${(await Promise.all(own)).join("\n")}\n`);
    await node.remove("host");
  });
});

function frame(text: string): Uint8Array {
  return encodeFrame(channels.stdin, Buffer.from(text));
}

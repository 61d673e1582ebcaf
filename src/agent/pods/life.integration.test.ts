import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, pods } from "#api";
import { systemClock } from "#base";
import { onRealNode } from "../testing/on-real-node.ts";
import { isReady } from "../testing/real-node.ts";

await onRealNode(import.meta.url, "the life of real pods", ({ cluster, node }) => {
  const shared = () => `${node.machine.directory}/diary`;
  /** A pod whose containers write what they do, in order, into one file on the machine. */
  const diary = async (name: string, spec: object) => {
    await node.host.files.makeDirectory(shared());
    const volumes = [{ name: "d", hostPath: { path: shared() } }];
    await node.run(name, {}, { volumes, terminationGracePeriodSeconds: 5, ...spec });
  };
  const writes = (name: string, file: string, more: object = {}) => ({
    name,
    image: "busybox:test",
    volumeMounts: [{ name: "d", mountPath: "/d" }],
    // Up when it has said so; says when it is asked to end.
    command: [
      "sh",
      "-c",
      `trap 'echo ${name} ends >> /d/${file}; exit 0' TERM; echo ${name} up >> /d/${file}; while :; do sleep 0.05; done`,
    ],
    ...more,
  });
  const read = async (file: string) =>
    ((await node.host.files.read(`${shared()}/${file}`)) ?? "").trim().split("\n");

  test("init containers, then sidecars, then the others; and back again", async () => {
    const startupProbe = { exec: { command: ["grep", "-q", "first up", "/d/order"] }, periodSeconds: 1 };
    await diary("order", {
      initContainers: [
        writes("init", "order", { command: ["sh", "-c", "echo init ran >> /d/order"] }),
        writes("first", "order", { restartPolicy: "Always", startupProbe }),
        writes("second", "order", { restartPolicy: "Always" }),
      ],
      containers: [writes("main", "order")],
    });
    await node.ready("order");
    // Ready is said when it runs: its first words may still be on their way.
    while ((await read("order")).length < 4) await systemClock.sleep(10);
    await node.remove("order");
    assert.deepEqual(await read("order"), [
      ...["init ran", "first up", "second up", "main up"],
      ...["main ends", "second ends", "first ends"],
    ]);
  });

  test("hooks: after the start by command, before the end by command, request or pause, within the grace", async () => {
    const hook = (text: string) => ({ exec: { command: ["sh", "-c", `echo ${text} >> /d/hooks`] } });
    const www =
      "mkdir -p /www/cgi-bin; printf '#!/bin/sh\\necho asked >> /d/hooks; echo; echo ok' > /www/cgi-bin/bye; chmod +x /www/cgi-bin/bye; exec httpd -f -p 8080 -h /www";
    await diary("hooks", {
      containers: [
        writes("main", "hooks", { lifecycle: { postStart: hook("begun"), preStop: hook("ending") } }),
        writes("web", "hooks", {
          command: ["sh", "-c", www],
          lifecycle: { preStop: { httpGet: { path: "/cgi-bin/bye", port: 8080 } } },
          readinessProbe: { tcpSocket: { port: 8080 } },
        }),
        writes("slow", "hooks", { lifecycle: { preStop: { sleep: { seconds: 1 } } } }),
      ],
    });
    await node.ready("hooks");
    await node.remove("hooks");
    const lines = await read("hooks");
    for (const line of ["begun", "ending", "asked", "main ends", "slow ends"])
      assert.ok(lines.includes(line), lines.join("\n"));
    assert.ok(lines.indexOf("ending") < lines.indexOf("main ends"));
    assert.equal(lines.at(-1), "slow ends");
  });

  test("a hook that takes longer than the grace is cut short, and so is one that never ends", async () => {
    const preStop = { exec: { command: ["sleep", "1000"] } };
    await diary("stuck", { containers: [writes("main", "stuck", { lifecycle: { preStop } })] });
    await node.ready("stuck");
    const began = systemClock.monotonicMs();
    await node.remove("stuck");
    assert.ok(systemClock.monotonicMs() - began < 5_000);
    assert.deepEqual((await read("stuck")).at(-1), "main ends");
  });

  test("a postStart hook that fails ends the container", async () => {
    const postStart = { exec: { command: ["sh", "-c", "echo no; exit 1"] } };
    await diary("unhooked", { containers: [writes("main", "unhooked", { lifecycle: { postStart } })] });
    await node.until("unhooked", "restarted", (pod) => restarts(pod) > 0);
    await node.event("unhooked", "FailedPostStartHook", "PostStartHook failed");
    await node.remove("unhooked");
  });

  test("commands, connections and requests find out how a container is", async () => {
    const script = "mkdir /www; echo ok > /www/index.html; touch /fine; exec httpd -f -p 8080 -h /www";
    const port = { port: 8080 };
    const probed = (readinessProbe: object, livenessProbe: object = readinessProbe) => ({
      command: ["sh", "-c", script],
      ports: [{ name: "web", containerPort: 8080 }],
      readinessProbe: { periodSeconds: 1, ...readinessProbe },
      livenessProbe: { periodSeconds: 1, failureThreshold: 1, ...livenessProbe },
    });
    await Promise.all([
      node.run("by-command", probed({ exec: { command: ["test", "-e", "/fine"] } })),
      node.run("by-connection", probed({ tcpSocket: { port: "web" } })),
      node.run("by-request", probed({ httpGet: { path: "/", port: "web" } })),
      node.run("silent", probed({ grpc: port }, { tcpSocket: port })),
      node.run("hangs", probed({ tcpSocket: port }, { exec: { command: ["sh", "-c", "sleep 100; true"] } })),
    ]);
    for (const name of ["by-command", "by-connection", "by-request"]) {
      const pod = await node.ready(name);
      assert.equal(restarts(pod), 0);
    }
    await node.shell("by-command", "rm /fine");
    await node.until("by-command", "restarted", (pod) => restarts(pod) > 0);
    await node.event("silent", "Unhealthy", "Readiness probe failed: ");
    await node.event(
      "hangs",
      "Unhealthy",
      'Liveness probe failed: command timed out: "sh -c sleep 100; true" timed out after 1s',
    );
    assert.equal(isReady(await node.until("silent", "there", Boolean)), false);
    const left = ["by-command", "by-connection", "by-request", "silent", "hangs"];
    await Promise.all(left.map((name) => node.remove(name)));
  });

  test("a pod ends with SIGKILL when the grace is over, not before", async () => {
    await node.run("deaf", { command: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"] });
    await node.ready("deaf");
    const began = systemClock.monotonicMs();
    await cluster.client.resource(pods, "default").delete("deaf", { gracePeriodSeconds: 2 });
    await node.until("deaf", "gone", (pod) => pod === undefined);
    const tookMs = systemClock.monotonicMs() - began;
    assert.ok(tookMs > 1_900 && tookMs < 6_000, `${tookMs} ms`);
  });

  function restarts(pod: Pod | undefined): number {
    return pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
  }
});

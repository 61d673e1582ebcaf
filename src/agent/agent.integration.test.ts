import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, secrets } from "#api";
import { systemClock } from "#base";
import { onRealNode } from "./testing/on-real-node.ts";
import { isReady } from "./testing/real-node.ts";

await onRealNode(import.meta.url, "one node with real containers", ({ cluster, node }) => {
  test("a pod runs, answers, is read and entered, and leaves nothing behind", async () => {
    const config = { metadata: { name: "settings" }, data: { colour: "green" } };
    await cluster.client.resource(configMaps, "default").create(config);
    await cluster.client
      .resource(secrets, "default")
      .create({ metadata: { name: "keys" }, data: { key: Buffer.from("hush").toString("base64") } });
    const began = Date.now();
    await node.run(
      "web",
      {
        command: [
          "sh",
          "-c",
          'echo "$COLOUR $(cat /secret/key) $WHO"; echo oops >&2; mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www',
        ],
        env: [
          { name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } },
          { name: "WHO", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ],
        volumeMounts: [
          { name: "keys", mountPath: "/secret" },
          { name: "settings", mountPath: "/settings" },
          { name: "scratch", mountPath: "/scratch" },
        ],
        readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
      },
      {
        volumes: [
          { name: "keys", secret: { secretName: "keys" } },
          { name: "settings", configMap: { name: "settings" } },
          { name: "scratch", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        ],
      },
    );
    const running = await node.until("web", "running", (pod) => pod?.status?.phase === "Running");
    console.log(`# created to Running in the API: ${Date.now() - began} ms`);
    assert.match(running.status?.podIP ?? "", /^10\.244\.0\.\d+$/);
    await node.until("web", "ready", isReady);
    // The two outputs are two pipes: which comes first is chance.
    assert.deepEqual((await node.logs("web")).split("\n").sort(), ["", "green hush web", "oops"]);
    assert.match(await node.logs("web", "tailLines=1"), /^(green hush web|oops)\n$/);
    assert.equal(await node.logs("web", "stream=Stderr"), "oops\n");
    const entered = await node.exec("web", ["sh", "-c", "cat /settings/colour; cat; exit 3"], "input");
    assert.equal(entered.stdout, "greeninput");
    assert.equal(entered.status.details?.causes?.[0]?.message, "3");
    assert.match(await forwarded("web", 8080, "GET / HTTP/1.0\r\n\r\n"), /hello/);
    const resolver = await node.exec("web", ["cat", "/etc/resolv.conf", "/etc/hostname"]);
    assert.match(resolver.stdout, /nameserver 10\.96\.0\.10\n.*ndots:5\nweb\n/s);
    await cluster.client
      .resource(configMaps, "default")
      .patch("settings", { type: "merge", patch: { data: { colour: "blue" } } });
    const changed = await node.exec("web", [
      "sh",
      "-c",
      "while ! grep -q blue /settings/colour; do sleep 0.05; done; cat /settings/colour",
    ]);
    assert.equal(changed.stdout, "blue");
    const uid = running.metadata?.uid ?? "";
    const { directory } = node.machine;
    await node.remove("web");
    assert.deepEqual(await node.agent.opened.runtime.sandboxes(), []);
    assert.deepEqual(await node.host.files.list(`${directory}/agent/pods`), []);
    assert.deepEqual(await node.host.files.list(`${directory}/memory/pods`), []);
    while ((await node.host.files.list(`${directory}/logs`)).length > 0) await systemClock.sleep(5);
    assert.deepEqual(
      (await node.host.mounts.under(directory)).filter((mount) => mount.includes(uid)),
      [],
    );
  });

  test("a server on the pod's loopback can be forwarded to; a port nobody listens on cannot", async () => {
    await node.run("local", {
      command: [
        "sh",
        "-c",
        "mkdir /www; echo inside > /www/index.html; exec httpd -f -p 127.0.0.1:9090 -h /www",
      ],
    });
    await node.until("local", "running", (pod) => pod?.status?.phase === "Running");
    await node.exec("local", ["sh", "-c", "until grep -q :2382 /proc/net/tcp; do sleep 0.05; done"]);
    assert.match(await forwarded("local", 9090, "GET / HTTP/1.0\r\n\r\n"), /inside/);
    await assert.rejects(forwarded("local", 9091, ""), /failed to connect to port 9091/);
    await node.remove("local");
  });

  test("a killed process is restarted, and its last log can be read", async () => {
    await node.run("killed", { command: ["sh", "-c", "echo run; exec sleep 1000"] });
    const first = await node.until("killed", "ready", isReady);
    while ((await node.logs("killed")) !== "run\n") await systemClock.sleep(10);
    const pid = (await node.agent.opened.runtime.containers()).find(
      (one) => one.sandboxId === first.metadata?.uid,
    )?.pid;
    node.host.signal(pid ?? 0, "SIGKILL");
    const second = await node.until(
      "killed",
      "restarted",
      (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod),
    );
    assert.equal(second.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137);
    assert.equal(await node.logs("killed", "previous=true"), "run\n");
    await node.remove("killed");
  });

  test("a new agent finds what runs and leaves it running; what is asked again answers again", async () => {
    await node.run("stays", { command: ["sh", "-c", "echo up; exec sleep 1000"] });
    const first = await node.until("stays", "ready", isReady);
    await node.stop();
    await node.start();
    assert.equal((await node.exec("stays", ["echo", "again"])).stdout, "again\n");
    const second = await node.until("stays", "ready", isReady);
    assert.equal(
      second.status?.containerStatuses?.[0]?.containerID,
      first.status?.containerStatuses?.[0]?.containerID,
    );
    assert.equal(second.status?.containerStatuses?.[0]?.restartCount, 0);
    await node.remove("stays");
  });

  test("a command that does not exist is a StartError", async () => {
    await node.run("bad", { command: ["/no/such/program"] });
    const pod = await node.until(
      "bad",
      "failed to start",
      (one) => one?.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === "StartError",
    );
    assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 128);
    await node.remove("bad");
  });

  test("twelve pods start and end together", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many-${index}`);
    const began = systemClock.monotonicMs();
    await Promise.all(names.map((name) => node.run(name, { command: ["sleep", "1000"] })));
    const started = await Promise.all(names.map((name) => node.until(name, "ready", isReady)));
    const created = systemClock.monotonicMs();
    assert.equal(new Set(started.map((pod) => pod.status?.podIP)).size, names.length);
    await Promise.all(names.map((name) => node.remove(name)));
    console.log(
      `# 12 pods: ready after ${Math.round(created - began)} ms, gone after ${Math.round(systemClock.monotonicMs() - created)} ms`,
    );
    assert.deepEqual(await node.agent.opened.runtime.sandboxes(), []);
  });

  async function forwarded(name: string, port: number, sent: string): Promise<string> {
    const stream = node.session.request({
      ":method": "POST",
      ":path": `/portForward/default/${name}?port=${port}`,
    });
    let status = 0;
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.end(sent);
    let text = "";
    for await (const chunk of stream) text += chunk;
    if (status !== 200) throw new Error(JSON.parse(text).message);
    return text;
  }
});

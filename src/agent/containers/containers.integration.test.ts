import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { type PodSpec, services } from "#api";
import { onRealNode } from "../testing/on-real-node.ts";

await onRealNode(import.meta.url, "what a pod's spec makes of its containers", ({ cluster, node }) => {
  let runs = 0;
  /** What a script says in a container with this security context, in a pod with that spec. */
  const said = async (script: string, securityContext: object = {}, spec: Partial<PodSpec> = {}) => {
    runs += 1;
    const name = `says-${runs}`;
    const container = { command: ["sh", "-c", script], securityContext };
    await node.run(name, container, { restartPolicy: "Never", ...spec });
    await node.ended(name);
    return node.logs(name);
  };

  test("users, capabilities, read-only roots, seccomp, privilege", async () => {
    const capabilities = "grep CapEff /proc/self/status";
    const answers = await Promise.all([
      said(
        "id -u; id -g",
        { runAsUser: 5, runAsGroup: 6 },
        { securityContext: { runAsUser: 1, runAsGroup: 1 } },
      ),
      said("touch /x 2>&1 || echo kept; touch /tmp/x 2>&1 || echo kept", { readOnlyRootFilesystem: true }),
      said(capabilities, { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }),
      said("grep -E 'Seccomp:|NoNewPrivs' /proc/self/status", {
        seccompProfile: { type: "RuntimeDefault" },
        allowPrivilegeEscalation: false,
      }),
      said("grep Seccomp: /proc/self/status; [ -e /dev/kmsg ] || echo none"),
      said("echo 1 > /proc/sys/net/ipv4/ip_forward && echo may", { privileged: true }),
      said("(echo 1 > /proc/sys/net/ipv4/ip_forward) 2>/dev/null || echo may not"),
    ]);
    assert.equal(answers[0], "5\n6\n");
    assert.match(answers[1] ?? "", /kept\n.*kept\n/s);
    assert.match(answers[2] ?? "", /0000000000000400\n$/);
    assert.match(answers[3] ?? "", /NoNewPrivs:\t1\nSeccomp:\t2\n/);
    assert.match(answers[4] ?? "", /Seccomp:\t0\nnone\n/);
    assert.equal(answers[5], "may\n");
    assert.match(answers[6] ?? "", /^may not$/m);
  });

  test("a seccomp profile of the machine's own filters, and nothing runs when it is not there", async () => {
    const directory = `${node.machine.directory}/agent/seccomp`;
    await mkdir(directory, { recursive: true });
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO" }],
    };
    await writeFile(`${directory}/no-mkdir.json`, JSON.stringify(profile));
    const local = (localhostProfile: string) => ({ seccompProfile: { type: "Localhost", localhostProfile } });
    const script = "mkdir /tmp/x 2>/dev/null || echo refused; grep Seccomp: /proc/self/status";
    assert.match((await said(script, local("no-mkdir.json"))) ?? "", /^refused\nSeccomp:\t2\n$/);
    await node.run("unfiltered", { command: ["true"], securityContext: local("nowhere.json") });
    const held = await node.until(
      "unfiltered",
      "held back",
      (one) => one?.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CreateContainerError",
    );
    const { message } = held.status?.containerStatuses?.[0]?.state?.waiting ?? {};
    assert.match(message ?? "", /cannot load seccomp profile ".*\/seccomp\/nowhere\.json": no such file/);
    await node.remove("unfiltered");
  });

  test("who must not be root is not started as root, and is told so", async () => {
    const waits = async (name: string, reason: string, securityContext: object) => {
      await node.run(name, { command: ["true"], securityContext });
      const pod = await node.until(
        name,
        "held back",
        (one) => one?.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason,
      );
      const message = pod.status?.containerStatuses?.[0]?.state?.waiting?.message;
      await node.remove(name);
      return message;
    };
    assert.equal(
      await waits("image", "CreateContainerConfigError", { runAsNonRoot: true }),
      "container has runAsNonRoot and image will run as root (container: main)",
    );
    assert.equal(
      await waits("asked", "CreateContainerConfigError", { runAsNonRoot: true, runAsUser: 0 }),
      "container's runAsUser breaks non-root policy (container: main)",
    );
    assert.equal(await said("id -u", { runAsNonRoot: true, runAsUser: 7 }), "7\n");
  });

  test("names: hosts, resolver, host name, kernel settings", async () => {
    const files = "cat /etc/hosts /etc/resolv.conf; hostname";
    const [own, none, host, settings] = await Promise.all([
      said(
        files,
        {},
        {
          hostname: "me",
          subdomain: "them",
          hostAliases: [{ ip: "192.0.2.9", hostnames: ["far", "away"] }],
          dnsConfig: { searches: ["example"], options: [{ name: "ndots", value: "2" }, { name: "edns0" }] },
        },
      ),
      said("cat /etc/resolv.conf", {}, { dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.1"] } }),
      said(
        "ip address show dev test0 | grep -o 10.244.0.1; hostname; cat /etc/hosts | head -1",
        {},
        { hostNetwork: true },
      ),
      said(
        "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced",
        {},
        {
          securityContext: {
            sysctls: [
              { name: "net.ipv4.ip_unprivileged_port_start", value: "81" },
              { name: "kernel/shm_rmid_forced", value: "1" },
            ],
          },
        },
      ),
    ]);
    assert.match(own ?? "", /^10\.244\.0\.\d+\tme\.them\.default\.svc\.cluster\.local\tme$/m);
    assert.match(own ?? "", /^192\.0\.2\.9\tfar\taway$/m);
    assert.match(
      own ?? "",
      /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local.* example$/m,
    );
    assert.match(own ?? "", /^nameserver 10\.96\.0\.10$/m);
    assert.match(own ?? "", /^options ndots:2 edns0$/m);
    assert.match(own ?? "", /me\n$/);
    assert.equal(none, "nameserver 192.0.2.1\n");
    assert.match(host ?? "", /^10\.244\.0\.1\n.+\n# Kubernetes-managed hosts file \(host network\)\./);
    assert.equal(settings, "81\n1\n");
  });

  test("variables: references, services, fields, resources", async () => {
    await cluster.client.resource(services, "default").create({
      metadata: { name: "shop-web" },
      spec: { clusterIP: "10.96.0.77", ports: [{ name: "http", port: 80, protocol: "TCP" }] },
    });
    const env = [
      { name: "A", value: "one" },
      { name: "B", value: "$(A)-two $$(A) $(MISSING)" },
      { name: "C", value: "$(SHOP_WEB_SERVICE_HOST):$(SHOP_WEB_SERVICE_PORT_HTTP)" },
      { name: "D", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "E", valueFrom: { resourceFieldRef: { resource: "requests.memory", divisor: "1Mi" } } },
      { name: "F", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: "G", valueFrom: { configMapKeyRef: { name: "none", key: "x", optional: true } } },
    ];
    await node.agent.agent.pods.known;
    const container = {
      command: ["sh", "-c", 'echo "$B|$C|$D|$E|$F|$G|$1|$KUBERNETES_SERVICE_HOST|$HOSTNAME"', "sh"],
      args: ["arg-$(A)"],
      env,
      resources: { requests: { memory: "64Mi" } },
    };
    await node.run("variables", container, { restartPolicy: "Never" }, { labels: { app: "web" } });
    const pod = await node.ended("variables");
    assert.equal(
      await node.logs("variables"),
      `one-two $(A) $(MISSING)|10.96.0.77:80|${pod.status?.podIP}|64|web||arg-one|10.96.0.1|variables\n`,
    );
  });

  test("a host port leads to the pod, and goes with it", async () => {
    const script = "mkdir /www; echo here > /www/index.html; exec httpd -f -p 8080 -h /www";
    const ports = [{ containerPort: 8080, hostPort: 18_080 }];
    const readinessProbe = { httpGet: { path: "/", port: 8080 } };
    await node.run("port", { command: ["sh", "-c", script], ports, readinessProbe });
    await node.ready("port");
    const ask = async () => (await fetch("http://127.0.0.1:18080/")).text();
    assert.equal(await ask(), "here\n");
    await node.remove("port");
    await assert.rejects(ask());
  });

  test("a message, an exhausted memory, a deadline: how it ended is said", async () => {
    const [message, fallback, memory, deadline] = await Promise.all([
      ended("message", {
        command: ["sh", "-c", "echo why > /tmp/why; exit 3"],
        terminationMessagePath: "/tmp/why",
      }),
      ended("fallback", {
        command: ["sh", "-c", "echo last words; exit 4"],
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
      ended("memory", {
        command: ["sh", "-c", "tail /dev/zero; exit 137"],
        resources: { limits: { memory: "16Mi" } },
      }),
      ended("deadline", { command: ["sleep", "1000"] }, { activeDeadlineSeconds: 1 }),
    ]);
    assert.deepEqual([message?.exitCode, message?.message], [3, "why\n"]);
    assert.deepEqual([fallback?.exitCode, fallback?.message], [4, "last words\n"]);
    assert.deepEqual([memory?.exitCode, memory?.reason], [137, "OOMKilled"]);
    assert.equal(deadline?.pod, "DeadlineExceeded");
  });

  async function ended(name: string, container: object, spec: object = {}) {
    await node.run(name, container, { restartPolicy: "Never", ...spec });
    const pod = await node.ended(name);
    return { ...pod.status?.containerStatuses?.[0]?.state?.terminated, pod: pod.status?.reason };
  }
});

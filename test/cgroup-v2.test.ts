import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { busyboxImage, kubernetesTool, ociArchive } from "#testing";
import { createVirtualMachine, lacksVirtualMachine, type VirtualMachine } from "./virtual-machine.ts";

const container = (script: string, resources: object) => ({
  terminationGracePeriodSeconds: 1,
  automountServiceAccountToken: false,
  containers: [
    {
      name: "main",
      image: "busybox:1",
      imagePullPolicy: "IfNotPresent",
      command: ["sh", "-c", script],
      resources,
    },
  ],
});
const pod = (name: string, spec: object) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { name } },
  spec,
});
const serve = "echo serving; mkdir /www; echo hello >/www/index.html; exec httpd -f -h /www -p 8080";
const objects = [
  pod("guaranteed", container(serve, { limits: { cpu: "200m", memory: "32Mi" } })),
  pod("burstable", container("exec sleep 100000", { requests: { cpu: "500m" }, limits: { memory: "24Mi" } })),
  pod("besteffort", container("exec sleep 100000", {})),
  pod("greedy", {
    ...container("tail /dev/zero; exec sleep 100000", { limits: { memory: "16Mi" } }),
    restartPolicy: "Never",
  }),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "hello" },
    spec: {
      type: "NodePort",
      selector: { name: "guaranteed" },
      ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
    },
  },
];

/** The whole way on a stock server: with crun, which is preferred there, and then without it. */
describe("where control groups are version 2 alone", { skip: lacksVirtualMachine() ?? false }, () => {
  let machine: VirtualMachine;
  let kubectlPath: string;
  const sh = (...lines: string[]) => machine.sh(lines.join("\n"));
  const nacre = (args: string) => sh(`sh bin/nacre ${args}`);
  const kubectl = (args: string) => sh(`${kubectlPath} ${args}`);
  const root = "/sys/fs/cgroup/kubepods-nacre";
  const inside = (path: string, command: string) => sh(`cd ${root}/${path}`, command);
  const uid = (name: string) => kubectl(`get pod ${name} -o 'jsonpath={.metadata.uid}'`);
  const groups = () => inside(".", "find . -mindepth 1 -type d | sort");
  /** Every pod's limits and processes. */
  const state = () =>
    inside(".", "grep -r '' --include=*.max --include=*.weight --include=cgroup.procs | sort");
  const agent = () => sh("systemctl show -P MainPID nacre-nacre-agent");

  before(async () => {
    kubectlPath = await kubernetesTool("kubectl");
    machine = await createVirtualMachine();
    const archive = await ociArchive([{ image: await busyboxImage(), name: "busybox:1" }]);
    await writeFile(join(machine.directory, "busybox.tar"), archive);
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await writeFile(join(machine.directory, "objects.json"), JSON.stringify(list));
  });
  after(() => machine?.remove());

  for (const engine of ["crun", "runc"]) {
    describe(`with ${engine}`, () => {
      before(async () => {
        if (engine === "runc") await sh("rm $(command -v crun)");
        await nacre("up --yes --timeout 600");
        await nacre(`image import ${machine.directory}/busybox.tar -t busybox:1`);
        await kubectl(`apply -f ${machine.directory}/objects.json`);
        const ready = "pod/guaranteed pod/burstable pod/besteffort";
        await kubectl(`wait --for=condition=Ready ${ready} --timeout=600s`);
        await kubectl("wait --for=jsonpath={.status.phase}=Failed pod/greedy --timeout=600s");
      });

      test("it runs the node's containers", async () => {
        const version = "jsonpath={.items[0].status.nodeInfo.containerRuntimeVersion}";
        assert.match(await kubectl(`get nodes -o '${version}'`), new RegExp(`^${engine}://\\d`));
        assert.match(await nacre("doctor"), new RegExp(`✓ ${engine} .*\n(.*\n)*✓ cgroups +version 2\n`));
      });

      test("a service answers on its node port; a pod has a log and takes commands", async () => {
        assert.equal(await sh("curl -sS http://127.0.0.1:30080"), "hello");
        assert.equal(await kubectl("logs guaranteed"), "serving");
        assert.equal(await kubectl("exec guaranteed -- cat /www/index.html"), "hello");
      });

      test("each class of service has its place, each pod and container the limits it asks for", async () => {
        const limits = async (path: string) =>
          (await inside(path, "cat memory.max cpu.max cpu.weight")).split("\n");
        for (const [path, expected] of [
          [`pod${await uid("guaranteed")}`, [String(32 << 20), "20000 100000", "8"]],
          [`burstable/pod${await uid("burstable")}`, [String(24 << 20), "max 100000", "20"]],
          [`besteffort/pod${await uid("besteffort")}`, ["max", "max 100000", "1"]],
        ] as const) {
          assert.deepEqual(await limits(path), expected, path);
          assert.deepEqual(await limits(`${path}/*/`), expected, `the container of ${path}`);
        }
        assert.equal(await inside(".", "cat memory.swap.max"), "0");
      });

      test("a container that exceeds its memory ends as a whole, and it is said why", async () => {
        const ended = "jsonpath={.status.containerStatuses[0].state.terminated}";
        const { reason, exitCode } = JSON.parse(await kubectl(`get pod greedy -o '${ended}'`));
        assert.deepEqual({ reason, exitCode }, { reason: "OOMKilled", exitCode: 137 });
      });

      test("conmons live in a group of their own, none in the agent's unit", async () => {
        const conmons = await sh("pgrep -x conmon | sort");
        assert.equal(conmons.split("\n").length, 3);
        assert.equal(await inside("conmon", "sort cgroup.procs"), conmons);
      });

      test("systemd leaves pods alone, whatever it is told to do with its own units", async () => {
        const before = await state();
        await sh("systemctl set-property --runtime system.slice CPUWeight=50 AllowedCPUs=0 MemoryHigh=3G");
        await sh("systemctl set-property --runtime system.slice CPUWeight= AllowedCPUs= MemoryHigh=");
        await sh("systemctl daemon-reload && systemctl daemon-reexec");
        assert.equal(await state(), before);
      });

      test("a killed agent comes back to the containers it left", async () => {
        const kept = () => inside(".", "cat pod*/*/cgroup.procs besteffort/*/*/cgroup.procs");
        const [before, killed] = [await kept(), await agent()];
        await sh(`kill -KILL ${killed}`);
        // Nobody but an agent that took it over lets a pod go.
        await kubectl("delete pod burstable");
        assert.notEqual(await agent(), killed);
        assert.equal(await kept(), before);
      });

      test("deleted pods take their groups along", async () => {
        await kubectl("delete pod guaranteed besteffort greedy");
        assert.equal(await groups(), "./besteffort\n./burstable\n./conmon");
        assert.equal(await inside("conmon", "cat cgroup.procs"), "");
      });

      test("a purge leaves no group", async () => {
        await nacre("down --purge --yes");
        assert.equal(await sh("find /sys/fs/cgroup -name '*nacre*'"), "");
      });
    });
  }
});

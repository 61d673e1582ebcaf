import assert from "node:assert/strict";
import { test } from "node:test";
import { containerSpec } from "#testing";
import { isContainerError } from "../../errors.ts";
import type { ContainerSpec, ImageConfig } from "../../runtime.ts";
import { capabilities, capabilitiesOfMask } from "./capabilities.ts";
import { type ContainerSurroundings, containerConfig, type OciProcess } from "./container-config.ts";
import { containerMounts } from "./mounts.ts";
import { cgroupSettings, weightOfShares } from "./resources.ts";
import { signalNumber } from "./signals.ts";
import { resolveUser } from "./users.ts";

const accounts = {
  passwd: "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbroken line\n",
  group: "root:x:0:\napp:x:1001:\nextra:x:2000:other,app\n",
};
const everything = capabilitiesOfMask("1ffffffffff");
const image: ImageConfig = {
  user: "app",
  entrypoint: ["/entry"],
  command: ["default"],
  environment: ["PATH=/image/bin", "A=image"],
  workingDirectory: "/work",
  stopSignal: undefined,
  labels: {},
};
const around: ContainerSurroundings = {
  image,
  accounts,
  root: "/run/rootfs",
  hostname: "pod",
  namespaces: { network: "/ns/net", ipc: "/ns/ipc", uts: "/ns/uts" },
  hostPid: false,
  sharedMemory: "/ns/shm",
  cgroup: "/kubepods/pod1/c1",
  layout: "hybrid",
  availableCapabilities: everything,
  leastOomScoreAdjustment: 0,
  architecture: "x64",
};
const base = containerSpec({ id: "c1", sandboxId: "p1", image: "sha256:1", logDirectory: "/logs" });
const { command: _shell, ...plain } = base;
const processOf = (changes: Partial<ContainerSpec> = {}, more: Partial<ContainerSurroundings> = {}) =>
  containerConfig({ ...plain, ...changes }, { ...around, ...more }).process as OciProcess;

test("command and arguments combine as in Kubernetes", () => {
  assert.deepEqual(processOf().args, ["/entry", "default"]);
  assert.deepEqual(processOf({ arguments: ["own"] }).args, ["/entry", "own"]);
  assert.deepEqual(processOf({ command: ["/own"] }).args, ["/own"]);
  assert.deepEqual(processOf({ command: ["/own"], arguments: ["x"] }).args, ["/own", "x"]);
  const empty = { ...image, entrypoint: [], command: [] };
  assert.throws(() => processOf({}, { image: empty }), /has no command/);
});

test("on version 2 a container has a view of its own groups, and ends as a whole when its memory runs out", () => {
  const linux = (layout: "hybrid" | "v2") => containerConfig(plain, { ...around, layout }).linux as OciLinux;
  const { namespaces, resources } = linux("v2");
  assert.ok(namespaces.some(({ type }) => type === "cgroup"));
  assert.deepEqual(resources.unified, { "memory.oom.group": "1" });
  assert.equal(linux("hybrid").resources.unified, undefined);
});

interface OciLinux {
  readonly namespaces: readonly { readonly type: string }[];
  readonly resources: { readonly unified?: object };
}

test("the spec's variables win over the image's", () => {
  const { env, cwd } = processOf({ environment: [{ name: "A", value: "spec=1" }] });
  assert.deepEqual(env, ["PATH=/image/bin", "HOSTNAME=pod", "A=spec=1"]);
  assert.equal(cwd, "/work");
});

test("a user other than root has capabilities only within reach, not in effect", () => {
  const { capabilities: granted, user } = processOf();
  assert.deepEqual(user, { uid: 1000, gid: 1001, additionalGids: [2000] });
  assert.equal(granted.effective?.length, 0);
  assert.equal(granted.bounding?.length, 14);
});

test("a score that the machine forbids is raised to what it allows", () => {
  assert.equal(processOf({ oomScoreAdjustment: -997 }).oomScoreAdj, 0);
  assert.equal(processOf({ oomScoreAdjustment: -997 }, { leastOomScoreAdjustment: -1000 }).oomScoreAdj, -997);
});

test("users and groups are found by name and number", () => {
  const plainUser = (uid: number, gid: number, additionalGids: number[] = []) => ({
    uid,
    gid,
    additionalGids,
  });
  assert.deepEqual(resolveUser("", accounts), plainUser(0, 0));
  assert.deepEqual(resolveUser("1000", accounts), plainUser(1000, 1001, [2000]));
  assert.deepEqual(resolveUser("app:extra", accounts), plainUser(1000, 2000));
  assert.deepEqual(resolveUser("4242", accounts), plainUser(4242, 0));
  assert.deepEqual(resolveUser("4242:7", { passwd: "", group: "" }), plainUser(4242, 7));
  assert.deepEqual(
    resolveUser("app", accounts, { group: 5, supplementalGroups: [6] }),
    plainUser(1000, 5, [2000, 6]),
  );
  for (const unknown of ["nobody", "app:nogroup", "-1", "99999999999"]) {
    assert.throws(() => resolveUser(unknown, accounts), isContainerError, unknown);
  }
});

test("capabilities are added, dropped, and limited to the machine's", () => {
  const of = (changes: Partial<ContainerSpec["security"]>, available = everything) =>
    capabilities({ ...base.security, ...changes }, available);
  assert.deepEqual(of({ dropCapabilities: ["ALL"], addCapabilities: ["net_admin"] }), ["CAP_NET_ADMIN"]);
  assert.ok(!of({ dropCapabilities: ["CAP_CHOWN"] }).includes("CAP_CHOWN"));
  assert.equal(of({ privileged: true }).length, 41);
  assert.equal(of({ addCapabilities: ["ALL"], dropCapabilities: ["KILL"] }).length, 40);
  const lacking = capabilitiesOfMask("1fffeffffff");
  assert.ok(!of({ privileged: true }, lacking).includes("CAP_SYS_RESOURCE"));
  assert.throws(() => of({ addCapabilities: ["FLY"] }), /there is no capability CAP_FLY/);
});

test("a pod's own mount takes the place of a usual one, parents before children", () => {
  const mount = { hostPath: "/h", readOnly: true, propagation: "rslave" } as const;
  const spec = {
    ...base,
    mounts: [
      { ...mount, containerPath: "/a/b/" },
      { ...mount, containerPath: "/dev/shm" },
      { ...mount, containerPath: "/a" },
    ],
  };
  const mounts = containerMounts(spec, { sharedMemory: "/shm", cgroupNamespace: false });
  assert.deepEqual(
    mounts.slice(-3).map((one) => [one.destination, one.options]),
    ["/a", "/a/b", "/dev/shm"].map((path) => [path, ["rbind", "rslave", "ro"]]),
  );
  assert.equal(mounts.filter((one) => one.destination === "/dev/shm").length, 1);
});

test("limits are written for either version of control groups", () => {
  const limits = { cpuShares: 1024, cpuQuotaUs: 50_000, memoryLimitBytes: 1 << 20, pidsLimit: 9 };
  const lines = (layout: "v1" | "v2") =>
    cgroupSettings(limits, layout).map((one) => `${one.file}=${one.value}`);
  assert.deepEqual(lines("v2"), [
    "cpu.weight=39",
    "cpu.max=50000 100000",
    "memory.max=1048576",
    "pids.max=9",
  ]);
  assert.deepEqual(lines("v1"), [
    "cpu.shares=1024",
    "cpu.cfs_period_us=100000",
    "cpu.cfs_quota_us=50000",
    "memory.limit_in_bytes=1048576",
    "pids.max=9",
  ]);
  const unlimited = cgroupSettings({}, "v2").map((one) => `${one.file}=${one.value}`);
  assert.deepEqual(unlimited, ["cpu.weight=1"]);
  assert.deepEqual([weightOfShares(2), weightOfShares(262_144), weightOfShares(0)], [1, 10_000, 1]);
});

test("signals have names with and without SIG, numbers, and real-time offsets", () => {
  const found = ["SIGTERM", "term", "9", "SIGRTMIN+3", "RTMAX-1", "SIGNOPE", "0", "65"].map(signalNumber);
  assert.deepEqual(found, [15, 15, 9, 37, 63, undefined, undefined, undefined]);
});

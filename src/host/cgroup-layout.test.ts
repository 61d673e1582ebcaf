import assert from "node:assert/strict";
import { test } from "node:test";
import { cgroupLayout } from "./cgroup-layout.ts";

const v1 = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0`;

test("controllers of version 1 are found by their mount options", () => {
  const layout = cgroupLayout(v1, () => undefined);
  assert.equal(layout.kind, "v1");
  assert.deepEqual(Object.fromEntries(layout.controllers), {
    cpu: "/sys/fs/cgroup/cpu,cpuacct",
    cpuacct: "/sys/fs/cgroup/cpu,cpuacct",
    memory: "/sys/fs/cgroup/memory",
  });
  assert.equal(layout.hierarchies.length, 3);
});

test("a version 2 mount beside version 1 is hybrid, and brings what version 1 lacks", () => {
  const mounts = `${v1}\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0`;
  const layout = cgroupLayout(mounts, () => "hugetlb\n");
  assert.equal(layout.kind, "hybrid");
  assert.equal(layout.unified, "/sys/fs/cgroup/unified");
  assert.equal(layout.controllers.get("hugetlb"), "/sys/fs/cgroup/unified");
  assert.equal(layout.controllers.get("memory"), "/sys/fs/cgroup/memory");
});

test("version 2 alone is pure", () => {
  const layout = cgroupLayout("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", () => "cpu memory pids");
  assert.equal(layout.kind, "v2");
  assert.deepEqual([...layout.controllers.keys()], ["cpu", "memory", "pids"]);
  assert.deepEqual(layout.hierarchies, ["/sys/fs/cgroup"]);
});

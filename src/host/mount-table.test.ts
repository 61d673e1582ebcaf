import assert from "node:assert/strict";
import { test } from "node:test";
import { mountPoints } from "./mount-table.ts";

const table = `22 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
30 22 0:20 / /run rw - tmpfs tmpfs rw
31 30 0:21 / /run/a\\040b rw - tmpfs tmpfs rw
32 31 0:22 / /run/a\\040b/c rw - tmpfs tmpfs rw
33 22 0:23 / /running rw - tmpfs tmpfs rw
`;

test("mount points come deepest first, with escapes undone", () => {
  assert.deepEqual(mountPoints(table, "/run"), ["/run/a b/c", "/run/a b", "/run"]);
});

test("a name that only begins alike is not below", () => {
  assert.deepEqual(mountPoints(table, "/run/a"), []);
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { readInRoot } from "./root-files.ts";

const { files } = createHost({ clock: systemClock, logger: silentLogger });
const outside = await mkdtemp(join(tmpdir(), "nacre-test-root-"));
const root = join(outside, "rootfs");
after(() => rm(outside, { recursive: true }));

test("links inside a root lead nowhere else", async () => {
  await mkdir(join(root, "etc"), { recursive: true });
  await writeFile(join(outside, "secret"), "the machine's");
  await writeFile(join(root, "secret"), "the image's");
  await symlink(join(outside, "secret"), join(root, "etc/absolute"));
  await symlink("../../../../secret", join(root, "etc/climbing"));
  await symlink("/secret", join(root, "etc/proper"));
  await symlink("loop", join(root, "etc/loop"));
  await symlink("/", join(root, "top"));
  assert.equal(await readInRoot(files, root, "/etc/absolute"), "");
  assert.equal(await readInRoot(files, root, "/etc/climbing"), "the image's");
  assert.equal(await readInRoot(files, root, "/etc/proper"), "the image's");
  assert.equal(await readInRoot(files, root, "/top/top/secret"), "the image's");
  assert.equal(await readInRoot(files, root, "/etc/loop"), "");
  assert.equal(await readInRoot(files, root, "/etc"), "");
});

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { type CgroupLayout, createHost, type Host } from "#host";
import { findShortage } from "./requirements.ts";

const real = createHost({ clock: systemClock, logger: silentLogger });
const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
after(() => rm(directory, { recursive: true }));

/** This machine, with control groups of another kind. */
function machine(kind: CgroupLayout["kind"]): Host {
  const layout = async () => ({ ...(await real.cgroups.layout()), kind });
  return { ...real, cgroups: { ...real.cgroups, layout } };
}

/** A PATH on which there are these programs. */
async function pathWith(...programs: string[]): Promise<string> {
  const path = await mkdtemp(join(directory, "path-"));
  for (const program of programs) await writeFile(join(path, program), "");
  return path;
}

const others = ["conmon", "nft", "conntrack", "ip", "nsenter", "mount", "socat"];

test("crun is asked for where control groups are version 2 alone, runc elsewhere", async () => {
  const path = await pathWith(...others, "apt-get");
  const asked = async (kind: CgroupLayout["kind"]) =>
    (await findShortage(machine(kind), path)).install?.at(-1);
  assert.equal(await asked("v2"), "crun");
  assert.equal(await asked("hybrid"), "runc");
  assert.equal(await asked("v1"), "runc");
});

test("runc that is there will do where crun is preferred, but not the other way round", async () => {
  const withRunc = await findShortage(machine("v2"), await pathWith(...others, "runc"));
  assert.deepEqual(withRunc.missing, []);
  assert.deepEqual(
    withRunc.found.map(({ program }) => program),
    ["runc", ...others],
  );
  const withCrun = await findShortage(machine("hybrid"), await pathWith(...others, "crun"));
  assert.deepEqual(
    withCrun.missing.map(({ program }) => program),
    ["runc"],
  );
});

test("without a known package manager there is no command", async () => {
  const { missing, install } = await findShortage(machine("v2"), await pathWith(...others));
  assert.equal(missing.length, 1);
  assert.equal(install, undefined);
});

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost, type Host } from "#host";
import { startConmon } from "./conmon.ts";
import { engine } from "./engine.ts";

/** Goes to the background and notes its pid, as conmon does; and never says a word. */
const silentConmon = `#!/bin/sh
while [ "$1" != --conmon-pidfile ]; do shift; done
sleep 60 </dev/null >/dev/null 2>&1 &
echo $! >"$2"
`;

test("a conmon that cannot be put where it belongs starts nothing", async () => {
  const bundle = await mkdtemp(join(tmpdir(), "nacre-test-conmon-"));
  const real = createHost({ clock: systemClock, logger: silentLogger });
  const move = () => Promise.reject(new Error("no such group"));
  const host: Host = { ...real, cgroups: { ...real.cgroups, move } };
  try {
    const conmon = join(bundle, "conmon");
    await writeFile(conmon, silentConmon, { mode: 0o755 });
    await host.files.makeFifos([`${bundle}/sync`]);
    const starting = startConmon(host, {
      conmon,
      engine: engine(host, "runc", `${bundle}/root`),
      containerId: "c",
      exitName: "c",
      exitDirectory: bundle,
      bundle,
      logPath: `${bundle}/log`,
      terminal: false,
      stdin: false,
      task: "run",
      cgroup: "/nowhere",
    });
    await assert.rejects(starting, /no such group/);
    const pid = Number(await host.files.read(`${bundle}/conmon.pid`));
    while ((await host.startTime(pid)) !== undefined) await systemClock.sleep(5);
  } finally {
    await rm(bundle, { recursive: true });
  }
});

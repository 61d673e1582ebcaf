import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom, silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import type { AgentContext } from "../context.ts";
import { layoutOf } from "../layout.ts";
import { PodVolumes } from "./pod-volumes.ts";

test("a volume that is wanted several times at once is written once after the other", async () => {
  const root = await mkdtemp(join(tmpdir(), "nacre-test-pod-volumes-"));
  const said: string[] = [];
  let version = 0;
  const context = {
    host: createHost({ clock: systemClock, logger: silentLogger }),
    layout: layoutOf({ state: `${root}/state`, memory: `${root}/memory`, logs: `${root}/logs` }),
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    events: { warning: (_about: object, _reason: string, message: string) => said.push(message) },
    objects: {
      get: async () => ({ metadata: { name: "settings" }, data: { version: String(++version) } }),
      follow: () => ({ close: () => {} }),
    },
  } as unknown as AgentContext;
  const volumes = new PodVolumes({
    context,
    pod: () => ({
      metadata: { name: "web", namespace: "default", uid: "u1" },
      spec: { containers: [], volumes: [{ name: "settings", configMap: { name: "settings" } }] },
    }),
    fields: () => ({}) as never,
    onSourceChanged: () => {},
  });
  try {
    await Promise.all([volumes.setUp(), volumes.setUp(), volumes.setUp()]);
    assert.deepEqual(said, []);
    assert.equal(await readFile(`${volumes.pathOf("settings")}/version`, "utf8"), "3");
  } finally {
    volumes.close();
    await rm(root, { recursive: true });
  }
});

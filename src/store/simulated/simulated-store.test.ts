import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, systemClock } from "#base";
import { put, write } from "../testing/model.ts";
import { lines } from "../testing/store-contract.ts";
import { storeProperties } from "../testing/store-properties.ts";
import { openSimulatedStore } from "./open.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

function newDisk(seed = 1): SimulatedDisk {
  return new SimulatedDisk({ clock: systemClock, random: seededRandom(seed), fsyncMs: [0, 0] });
}

storeProperties({
  name: "simulated",
  place: () => {
    const disk = newDisk();
    return { open: () => openSimulatedStore({ disk }) };
  },
  reopens: true,
  runs: 20,
});

test("a crash loses nothing that was acknowledged, and leaves what was not whole or not at all", async () => {
  for (let seed = 0; seed < 8; seed += 1) {
    const disk = newDisk(seed);
    const store = await openSimulatedStore({ disk });
    await store.commit(write(put("a", "1")));
    void store.commit(write(put("b", "1"), put("c", "1")));
    await Promise.resolve();
    disk.crash();
    const reopened = await openSimulatedStore({ disk });
    const found = lines(reopened.snapshot());
    assert.ok(found.length === 1 || found.length === 3, `found ${found}`);
    assert.equal(found[0], "a=1@1/1");
    await reopened.close();
  }
});

test("D2 a full disk refuses what is queued, shows nothing of it, and goes on once there is room", async () => {
  const disk = newDisk();
  const store = await openSimulatedStore({ disk });
  await store.commit(write(put("a", "1")));
  disk.fill();
  await assert.rejects(store.commit(write(put("b", "1"))), /disk full/);
  assert.equal(store.revision, 1);
  disk.free();
  await store.commit(write(put("b", "2")));
  assert.deepEqual(lines(store.snapshot()), ["a=1@1/1", "b=2@2/2"]);
  await store.close();
});

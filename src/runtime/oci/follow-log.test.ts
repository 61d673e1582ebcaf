import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost, type Host } from "#host";
import { LogFollower } from "./follow-log.ts";

test("a reader who is slower than the log gets all of it, and nothing is left listening", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-follow-"));
  try {
    const path = join(directory, "0.log");
    const content = "x".repeat(10_000);
    await writeFile(path, `2026-01-02T03:04:05.6Z stdout F ${content}\n`.repeat(500));
    const host = createHost({ clock: systemClock, logger: silentLogger });
    const follower = new LogFollower(host, path, 0);
    const { stdout } = follower;
    follower.finish();
    let length = 0;
    let listeners = 0;
    for await (const chunk of stdout) {
      length += chunk.length;
      listeners = Math.max(listeners, stdout.listenerCount("close"));
      // Until no more fits.
      while (!stdout.writableNeedDrain && !stdout.writableEnded) await new Promise(setImmediate);
    }
    assert.equal(length, 500 * (content.length + 1));
    assert.ok(listeners < 5, `${listeners} listeners`);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a log that cannot be read ends its output, and no more than that", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-follow-"));
  try {
    const real = createHost({ clock: systemClock, logger: silentLogger });
    const readRange = () => Promise.reject(new Error("too many open files"));
    const host: Host = { ...real, files: { ...real.files, readRange } };
    // A rejection that nobody handles would fail the test.
    assert.equal(await text(new LogFollower(host, join(directory, "0.log"), 0).stdout), "");
  } finally {
    await rm(directory, { recursive: true });
  }
});

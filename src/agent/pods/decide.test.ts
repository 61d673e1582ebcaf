import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "#base";
import { Play, podOf, sidecar } from "../testing/play.ts";
import { advance } from "./decide.ts";
import type { Fact } from "./facts.ts";
import type { RunningRun, Stop } from "./observation.ts";

/** The log without times and preparations. */
const lives = (play: Play) =>
  play.log.map((line) => line.replace(/^\S+ /, "")).filter((line) => /^(start|stop|clean)/.test(line));

const deleted = (play: Play, graceSeconds = 30): Stop => ({
  cause: "deleted",
  requestedAt: play.now,
  graceMs: graceSeconds * 1000,
});

test("volumes, sandbox and image are begun side by side, the container after them", () => {
  const play = new Play(podOf({})).run(0);
  assert.deepEqual(play.log, ["0s mountVolumes", "0s createSandbox", "0s pull main", "0s start main#0"]);
  assert.equal(play.status.phase, "Running");
});

test("init containers run one after another before the others", () => {
  const play = new Play(podOf({ init: ["one", "two"], main: ["a", "b"] }), {
    script: (name) => (name === "one" || name === "two" ? { runsMs: 1000, exitCode: 0 } : undefined),
  }).run(5);
  assert.deepEqual(
    play.log.filter((line) => line.includes("start")),
    ["0s start one#0", "1s start two#0", "2s start a#0", "2s start b#0"],
  );
});

test("a crash loop restarts at once, then after 10, 20, 40 … 300 seconds", () => {
  const play = new Play(podOf({}), { script: () => ({ runsMs: 0, exitCode: 1 }) }).run(1500);
  const starts = play.log.filter((line) => line.includes("start")).map((line) => Number.parseFloat(line));
  assert.deepEqual(
    starts.slice(1).map((at, index) => at - (starts[index] ?? 0)),
    [0, 10, 20, 40, 80, 160, 300, 300, 300],
  );
  assert.equal(play.status.containerStatuses?.[0]?.state?.waiting?.reason, "CrashLoopBackOff");
  assert.match(
    play.status.containerStatuses?.[0]?.state?.waiting?.message ?? "",
    /^back-off 5m0s restarting/,
  );
});

test("a run of more than ten minutes clears the back-off", () => {
  const play = new Play(podOf({}), {
    script: (_name, attempt) => ({ runsMs: attempt === 3 ? 601_000 : 0, exitCode: 1 }),
  }).run(640);
  const starts = play.log.filter((line) => line.includes("start")).map((line) => Number.parseFloat(line));
  assert.deepEqual(starts.slice(0, 6), [0, 0, 10, 30, 631, 641].slice(0, starts.length));
  assert.equal(starts[4], 631);
});

test("restart policies: OnFailure restarts failures only, Never nothing", () => {
  const ending = (exitCode: number) => ({ script: () => ({ runsMs: 1000, exitCode }) });
  const outcome = (restartPolicy: string, exitCode: number) => {
    const play = new Play(podOf({ restartPolicy }), ending(exitCode)).run(3);
    return [play.log.filter((line) => line.includes("start")).length, play.status.phase];
  };
  assert.deepEqual(outcome("OnFailure", 0), [1, "Succeeded"]);
  assert.deepEqual(outcome("OnFailure", 1), [2, "Running"]);
  assert.deepEqual(outcome("Never", 1), [1, "Failed"]);
  assert.deepEqual(outcome("Never", 0), [1, "Succeeded"]);
});

test("an init container that fails with Never fails the pod, with Always is tried again", () => {
  const script = (name: string) => (name === "init" ? { runsMs: 0, exitCode: 2 } : undefined);
  const never = new Play(podOf({ init: ["init"], restartPolicy: "Never" }), { script }).run(1);
  assert.deepEqual(lives(never), ["start init#0", "clean"]);
  assert.equal(never.status.phase, "Failed");
  const always = new Play(podOf({ init: ["init"] }), { script }).run(11);
  assert.deepEqual(lives(always), ["start init#0", "start init#1", "start init#2"]);
  assert.equal(always.status.phase, "Pending");
});

test("sidecars start before and end after the containers, the last one first", () => {
  const play = new Play(podOf({ init: [sidecar("proxy"), sidecar("log"), "setup"], main: ["app"] }), {
    script: (name) => (name === "setup" ? { runsMs: 0, exitCode: 0 } : undefined),
  }).run(1);
  play.tell({ type: "stopWanted", stop: deleted(play) }).run(1);
  assert.deepEqual(lives(play), [
    "start proxy#0",
    "start log#0",
    "start setup#0",
    "start app#0",
    "stop app 30s",
    "stop log 30s",
    "stop proxy 30s",
    "clean",
  ]);
});

test("a sidecar does not keep a finished pod alive, but is restarted while the pod lives", () => {
  const play = new Play(podOf({ init: [sidecar("proxy")], restartPolicy: "Never" }), {
    script: (name, attempt) =>
      name === "main"
        ? { runsMs: 60_000, exitCode: 0 }
        : attempt === 0
          ? { runsMs: 5000, exitCode: 1 }
          : undefined,
  }).run(90);
  assert.deepEqual(lives(play), [
    "start proxy#0",
    "start main#0",
    "start proxy#1",
    "stop proxy 30s",
    "clean",
  ]);
  assert.equal(play.status.phase, "Succeeded");
});

test("a deadline ends the pod as failed", () => {
  const play = new Play(podOf({ deadlineSeconds: 60 })).run(120);
  assert.ok(play.log.includes("60s stop main 30s"));
  assert.equal(play.status.phase, "Failed");
  assert.equal(play.status.reason, "DeadlineExceeded");
});

test("a second deletion can only shorten the grace", () => {
  const play = new Play(podOf({}), {
    outcome: (action) => (action.type === "stopContainer" ? noFact : undefined),
  }).run(0);
  play.tell({ type: "stopWanted", stop: deleted(play, 30) }).run(5);
  play.tell({ type: "stopWanted", stop: deleted(play, 60) }).run(0);
  play.tell({ type: "stopWanted", stop: deleted(play, 2) }).run(0);
  assert.deepEqual(lives(play), ["start main#0", "stop main 30s", "stop main 2s"]);
});

test("a sidecar whose turn comes when the grace is used up is asked before it is killed", () => {
  const play = new Play(podOf({ init: [sidecar("proxy")], main: ["app"] }), {
    outcome: (action) => (action.type === "stopContainer" && action.container === "app" ? noFact : undefined),
  }).run(1);
  play.tell({ type: "stopWanted", stop: deleted(play, 5) }).run(5);
  const run = must(play.seen.containers.app, "app is known").run;
  assert.equal(run.is, "running");
  const ended = { ...(run as RunningRun), is: "exited", finishedAt: play.now, exitCode: 137 } as const;
  play.tell({ type: "exited", container: "app", run: { ...ended, reason: "Error", message: "" } }).run(1);
  assert.deepEqual(lives(play).slice(-3), ["stop app 5s", "stop proxy 1s", "clean"]);
});

test("a failed pull shows its cause, then that it is held back, and is tried again after 10 seconds", () => {
  const play = new Play(podOf({}), {
    outcome: (action) =>
      action.type === "pullImage" && action.container === "main" && play.now < start + 9_000
        ? { type: "imageFailed", container: "main", reason: "ErrImagePull", message: "no such image" }
        : undefined,
  });
  const start = play.now;
  const waiting = () => play.status.containerStatuses?.[0]?.state?.waiting;
  play.run(0.5);
  assert.deepEqual(waiting(), { reason: "ErrImagePull", message: "no such image" });
  play.run(1);
  assert.deepEqual(waiting(), {
    reason: "ImagePullBackOff",
    message: 'Back-off pulling image "busybox": ErrImagePull: no such image',
  });
  play.run(10);
  assert.deepEqual(
    play.log.filter((line) => /pull|start/.test(line)),
    ["0s pull main", "1s pull back-off main", "10s pull main", "10s start main#0"],
  );
});

test("another image in the place of one that cannot be pulled does not wait for its back-off", () => {
  let pulls = 0;
  const play = new Play(podOf({}), {
    outcome: (action) =>
      action.type === "pullImage" && pulls++ === 0
        ? { type: "imageFailed", container: "main", reason: "ErrImagePull", message: "no such image" }
        : undefined,
  });
  play.run(2);
  play.tell({ type: "imageChanged", container: "main" }).run(1);
  assert.deepEqual(
    play.log.filter((line) => /pull|start/.test(line)),
    ["0s pull main", "1s pull back-off main", "2s pull main", "2s start main#0"],
  );
});

test("a lost sandbox runs everything again, counted as restarts", () => {
  const play = new Play(podOf({ init: ["init"] }), {
    script: (name) => (name === "init" ? { runsMs: 0, exitCode: 0 } : undefined),
  }).run(1);
  const main = play.seen.containers.main?.run;
  assert.ok(main?.is === "running");
  play.tell({
    type: "exited",
    container: "main",
    run: { ...main, is: "exited", finishedAt: play.now, exitCode: 255, reason: "Unknown", message: "" },
  });
  play.tell({ type: "sandboxLost" }).run(1);
  assert.deepEqual(lives(play), ["start init#0", "start main#0", "start init#1", "start main#1"]);
  assert.equal(play.status.containerStatuses?.[0]?.restartCount, 1);
  assert.equal(play.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 255);
});

test("a pod that must not run twice ends with its sandbox", () => {
  const play = new Play(podOf({ restartPolicy: "Never" })).run(1);
  const main = play.seen.containers.main?.run;
  assert.ok(main?.is === "running");
  play.tell({
    type: "exited",
    container: "main",
    run: { ...main, is: "exited", finishedAt: play.now, exitCode: 255, reason: "Unknown", message: "" },
  });
  play.tell({ type: "sandboxLost" }).run(1);
  assert.deepEqual(lives(play), ["start main#0", "clean"]);
  assert.equal(play.status.phase, "Failed");
});

/** Told instead of an outcome that has not come yet. */
const noFact: Fact = { type: "killWanted", container: "nobody", kill: { message: "", graceMs: 0 } };

const disturbances = fc.array(
  fc.record({
    afterSeconds: fc.integer({ min: 0, max: 60 }),
    what: fc.constantFrom("kill", "crash", "sandboxLost", "sourceChanged", "delete", "gone"),
    container: fc.constantFrom("init", "proxy", "main", "other"),
  }),
  { maxLength: 12 },
);

test("whatever happens, runs never overlap, attempts count up, nothing starts after the end has begun, and all ends clean", () => {
  fc.assert(
    fc.property(
      disturbances,
      fc.constantFrom("Always", "OnFailure", "Never"),
      (happenings, restartPolicy) => {
        const play = new Play(
          podOf({ init: ["init", sidecar("proxy")], main: ["main", "other"], restartPolicy }),
          {
            script: (name) => (name === "init" ? { runsMs: 500, exitCode: 0 } : undefined),
          },
        );
        for (const { afterSeconds, what, container } of happenings) {
          play.run(afterSeconds);
          disturb(play, what, container);
        }
        play.tell({ type: "stopWanted", stop: deleted(play) });
        const begun = play.log.length;
        play.run(120);
        const after = play.log.slice(begun).filter((line) => /start|pull/.test(line));
        assert.deepEqual(after, []);
        assert.ok(play.seen.state === "Finished" || play.seen.state === "Forgotten", play.seen.state);
        assert.equal(play.log.filter((line) => line.endsWith(" clean")).length, 1);
        for (const name of ["init", "proxy", "main", "other"]) {
          const attempts = play.log
            .filter((line) => line.includes(`start ${name}#`))
            .map((line) => Number(line.split("#")[1]));
          assert.deepEqual(
            attempts,
            attempts.map((_, index) => index),
            name,
          );
        }
        const again = advance(play.pod, play.seen, play.now);
        assert.deepEqual(again.actions, []);
      },
    ),
    { numRuns: 200 },
  );
});

function disturb(play: Play, what: string, container: string): void {
  const run = play.seen.containers[container]?.run;
  const end = (exitCode: number) => {
    if (run?.is !== "running") return;
    const ended = {
      ...run,
      is: "exited",
      finishedAt: play.now,
      exitCode,
      reason: "Error",
      message: "",
    } as const;
    play.tell({ type: "exited", container, run: ended });
  };
  if (what === "crash") end(1);
  else if (what === "kill")
    play.tell({ type: "killWanted", container, kill: { message: "unwell", graceMs: 1000 } });
  else if (what === "sourceChanged") play.tell({ type: "sourceChanged" });
  else if (what === "delete") play.tell({ type: "stopWanted", stop: deleted(play, 10) });
  else if (what === "gone") play.tell({ type: "stopWanted", stop: deleted(play, 10) }).tell({ type: "gone" });
  else if (play.seen.state === "Running") {
    for (const [name, seen] of Object.entries(play.seen.containers)) {
      if (seen.run.is !== "running") continue;
      const ended = {
        ...seen.run,
        is: "exited",
        finishedAt: play.now,
        exitCode: 255,
        reason: "Unknown",
        message: "",
      } as const;
      play.tell({ type: "exited", container: name, run: ended });
    }
    play.tell({ type: "sandboxLost" });
  }
}

import { spawn } from "node:child_process";
import { layoutOf } from "#cluster";
import { type Usage, usageOf, usageOfProcesses } from "../cluster/process-tree.ts";
import type { Context } from "../context.ts";
import type { Row } from "../row.ts";

export const idleMemory: Row = {
  name: "memory",
  what: "memory, whole process tree, idle, PSS",
  unit: "MB",
  better: "less",
  budget: 150,
  upstream: "482 control plane alone; k3s ~500",
  bare: "one Node that does nothing",
  async measure(context) {
    const { after, bareMb } = await idle(context);
    return { value: after.memoryMb, rounds: [after.memoryMb], bare: bareMb, ratio: after.memoryMb / bareMb };
  },
};

export const idleCpu: Row = {
  name: "cpu",
  what: "CPU of the same tree, idle, over 60 s",
  unit: "%",
  better: "less",
  budget: 1,
  upstream: "5.2 control plane alone",
  bare: "",
  async measure(context) {
    const { before, after, seconds } = await idle(context);
    const percent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100;
    return { value: percent, rounds: [percent] };
  },
};

interface Idle {
  readonly before: Usage;
  readonly after: Usage;
  readonly seconds: number;
  readonly bareMb: number;
}

/** A cluster of its own that nobody has asked anything yet, looked at twice. */
function idle(context: Context): Promise<Idle> {
  return context.once("idle", async () => {
    const machine = await context.machine();
    await machine.up();
    const layout = layoutOf(machine.data);
    const bare = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"], { stdio: "ignore" });
    context.onEnd(async () => void bare.kill());
    await sleep(settleMs);
    const before = await usageOf(layout);
    const began = performance.now();
    await sleep(observedMs);
    const after = await usageOf(layout);
    const seconds = (performance.now() - began) / 1000;
    const bareMb = usageOfProcesses([bare.pid ?? 0]).memoryMb;
    bare.kill();
    await machine.remove();
    return { before, after, seconds, bareMb };
  });
}

/** What starting leaves behind (a first collection, a first renewal) is over by then. */
const settleMs = 5000;
const observedMs = 60_000;

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

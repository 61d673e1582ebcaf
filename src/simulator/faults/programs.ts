import { type Lease, leases } from "#api";
import { keyOf } from "#apiserver";
import type { Random } from "#base";
import { goodConditions } from "../network/conditions.ts";
import type { ProgramPart } from "../parts/program.ts";
import type { World } from "../runs/world.ts";
import { between, happens, pick } from "../time/seeds.ts";
import type { Fault } from "./fault.ts";

/** A program ends without giving back its lease; it starts again at once, or after another has taken over. */
export const leaderChange: Fault = {
  kind: "leader-change",
  weight: 3,
  begin(world, random) {
    const program = anyProgram(world, random);
    if (!program?.isRunning) return undefined;
    program.crash();
    return {
      words: `leader-change ${program.name}`,
      forMs: between(random, happens(random, 0.5) ? [100, 2_000] : [2_000, 90_000]),
      end: () => program.start(),
    };
  },
};

/** What a program says takes long to arrive; then it ends, starts again at once, and its last words arrive after its first. */
export const lateWords: Fault = {
  kind: "late-words",
  weight: 3,
  begin(world, random) {
    const program = anyProgram(world, random);
    if (!program?.isRunning) return undefined;
    const conditions = world.simulation.network.conditionsOf(program.name);
    if (conditions.latencyMs !== goodConditions.latencyMs) return undefined;
    conditions.latencyMs = [100, between(random, [2_000, 20_000])];
    return {
      words: `late-words ${program.name}`,
      forMs: between(random, [10_000, 60_000]),
      end: () => {
        conditions.latencyMs = goodConditions.latencyMs;
        program.crash();
        program.start();
      },
    };
  },
};

/** A program stands still, for longer than its lease or not, and goes on as if nothing had been. */
export const programHang: Fault = {
  kind: "program-hang",
  weight: 3,
  begin(world, random) {
    const program = anyProgram(world, random);
    if (!program?.isRunning) return undefined;
    program.pause();
    return {
      words: `program-hang ${program.name}`,
      // Half of the time long enough that another leads when it wakes up, which it cannot know yet.
      forMs: between(random, happens(random, 0.5) ? [1_000, 20_000] : [35_000, 120_000]),
      end: () => program.resume(),
    };
  },
};

/** Mostly one that leads: who only waits for its turn suffers little. */
function anyProgram(world: World, random: Random): ProgramPart | undefined {
  const { controllers, schedulers } = world.simulation;
  const all = [...controllers, ...schedulers];
  const leading = all.filter(({ name }) => leads(world, name));
  return pick(random, happens(random, 0.75) && leading.length > 0 ? leading : all);
}

/** Whether one of the leases by which programs elect their leader is held by it, as the store has it. */
function leads({ history }: World, name: string): boolean {
  return leaderLeases.some((lease) => {
    const entry = history.entries.get(keyOf(leases, lease, "kube-system"));
    if (!entry) return false;
    const { spec } = JSON.parse(Buffer.from(entry.value).toString()) as Lease;
    return spec?.holderIdentity === name;
  });
}

const leaderLeases = ["kube-controller-manager", "kube-scheduler"];

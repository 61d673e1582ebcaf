import type { ContainerSpec } from "../runtime.ts";

/** What a simulated container does. Every field has a quiet default: it starts at once, runs for ever, and obeys its stop signal at once. */
export interface Behaviour {
  /** How long `startContainer` takes. */
  readonly startMs?: number;
  /** `startContainer` fails with this message (reason StartError). */
  readonly startError?: string;
  /** It ends by itself after this time; absent: never. */
  readonly runsMs?: number;
  /** With which it ends by itself. Default 0. */
  readonly exitCode?: number;
  /** It ends by itself because its memory ran out (exit code 137). */
  readonly outOfMemory?: boolean;
  /** How long it takes to obey the stop signal; `Infinity` waits for SIGKILL. Default 0. */
  readonly stopMs?: number;
  /** With which it obeys the stop signal. Default 143: killed by SIGTERM. */
  readonly stopExitCode?: number;
  /** Memory in use. Default 8 MiB. */
  readonly memoryBytes?: number;
  /** Answers a command that is run in it. Default: exit code 0, no output. */
  readonly exec?: (command: readonly string[]) => ExecAnswer;
}

export interface ExecAnswer {
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** How long the command takes. */
  readonly afterMs?: number;
}

export type BehaviourOf = (spec: ContainerSpec) => Behaviour;

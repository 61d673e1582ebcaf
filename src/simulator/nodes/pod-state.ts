/**
 * The life of a pod's containers on a simulated node.
 *
 *   starting ──started──► running ──becameReady──► ready
 *      │ failed               │ failed │ completed     │ failed, completed
 *      ▼                      ▼        ▼               ▼
 *   backingOff ◄──────────────┘      ended ◄───────────┘  (as the restart policy says)
 *      └──retry──► starting
 *   any of these ──stop──► stopping ──stopped──► ended
 */
export type PodState = "starting" | "running" | "ready" | "backingOff" | "stopping" | "ended";

export type PodEvent =
  | "started"
  | "becameReady"
  | "failed"
  | "failedForGood"
  | "completed"
  | "retry"
  | "stop"
  | "stopped";

const stays = undefined;

const table: Readonly<Record<PodState, Readonly<Record<PodEvent, PodState | undefined>>>> = {
  starting: {
    started: "running",
    becameReady: stays,
    failed: "backingOff",
    failedForGood: "ended",
    completed: stays,
    retry: stays,
    stop: "stopping",
    stopped: stays,
  },
  running: {
    started: stays,
    becameReady: "ready",
    failed: "backingOff",
    failedForGood: "ended",
    completed: "ended",
    retry: stays,
    stop: "stopping",
    stopped: stays,
  },
  ready: {
    started: stays,
    becameReady: stays,
    failed: "backingOff",
    failedForGood: "ended",
    completed: "ended",
    retry: stays,
    stop: "stopping",
    stopped: stays,
  },
  backingOff: {
    started: stays,
    becameReady: stays,
    failed: stays,
    failedForGood: stays,
    completed: stays,
    retry: "starting",
    stop: "ended",
    stopped: stays,
  },
  stopping: {
    started: stays,
    becameReady: stays,
    failed: "ended",
    failedForGood: "ended",
    completed: "ended",
    retry: stays,
    stop: stays,
    stopped: "ended",
  },
  ended: {
    started: stays,
    becameReady: stays,
    failed: stays,
    failedForGood: stays,
    completed: stays,
    retry: stays,
    stop: stays,
    stopped: stays,
  },
};

/** Where an event leads; undefined: it means nothing in this state. */
export function nextState(state: PodState, event: PodEvent): PodState | undefined {
  return table[state][event];
}

/** Whether processes of the pod exist. */
export function hasProcesses(state: PodState): boolean {
  return state === "running" || state === "ready" || state === "stopping";
}

/**
 * A pod's life on this node.
 *
 *       seen on this node                        rejected, or already over when first seen
 *              │                                                   │
 *              ▼                                                   │
 *        ┌───────────┐ prepared ┌──────────────┐ initialized ┌─────────┐
 *    ┌──►│ Preparing │─────────►│ Initializing │────────────►│ Running │
 *    │   └─────┬─────┘          └──┬────────┬──┘             └─┬─────┬─┘
 *    │         │        sandboxLost│        │                  │     │
 *    └─────────┼───────────────────┴────────┼──────────────────┘     │
 *              │ stop                       │ stop                   │ stop
 *              └──────────────────┬─────────┴────────────────────────┘
 *                                 ▼
 *                           ┌──────────┐ stopped ┌──────────┐ cleaned ┌──────────┐ forgotten
 *                           │ Stopping │────────►│ Cleaning │────────►│ Finished │──────────► Forgotten
 *                           └──────────┘         └──────────┘         └──────────┘
 *
 * Preparing makes volumes, sandbox and network, and fetches the first images; Initializing runs the init containers in
 * order; Running keeps the containers as the restart policy says; Stopping ends them with grace; Cleaning takes the
 * sandbox, the address and the volumes away; Finished keeps logs and status until the object is deleted.
 */
export type PodState =
  | "Preparing"
  | "Initializing"
  | "Running"
  | "Stopping"
  | "Cleaning"
  | "Finished"
  | "Forgotten";

export type PodEvent =
  | "prepared"
  | "initialized"
  | "sandboxLost"
  | "stop"
  | "stopped"
  | "cleaned"
  | "forgotten";

/** `decide` never asks for an impossible transition: asserted. */
export type Target = PodState | "impossible";

/** Every cell is filled in: a new state or event does not compile until its whole row and column are decided. */
export const transitions: Readonly<Record<PodState, Readonly<Record<PodEvent, Target>>>> = {
  Preparing: {
    prepared: "Initializing",
    initialized: "impossible",
    sandboxLost: "Preparing",
    stop: "Stopping",
    stopped: "impossible",
    cleaned: "impossible",
    forgotten: "impossible",
  },
  Initializing: {
    prepared: "impossible",
    initialized: "Running",
    sandboxLost: "Preparing",
    stop: "Stopping",
    stopped: "impossible",
    cleaned: "impossible",
    forgotten: "impossible",
  },
  Running: {
    prepared: "impossible",
    initialized: "impossible",
    sandboxLost: "Preparing",
    stop: "Stopping",
    stopped: "impossible",
    cleaned: "impossible",
    forgotten: "impossible",
  },
  Stopping: {
    prepared: "impossible",
    initialized: "impossible",
    sandboxLost: "Stopping",
    stop: "Stopping",
    stopped: "Cleaning",
    cleaned: "impossible",
    forgotten: "impossible",
  },
  Cleaning: {
    prepared: "impossible",
    initialized: "impossible",
    sandboxLost: "Cleaning",
    stop: "Cleaning",
    stopped: "impossible",
    cleaned: "Finished",
    forgotten: "impossible",
  },
  Finished: {
    prepared: "impossible",
    initialized: "impossible",
    sandboxLost: "Finished",
    stop: "Finished",
    stopped: "impossible",
    cleaned: "impossible",
    forgotten: "Forgotten",
  },
  Forgotten: {
    prepared: "impossible",
    initialized: "impossible",
    sandboxLost: "Forgotten",
    stop: "Forgotten",
    stopped: "impossible",
    cleaned: "impossible",
    forgotten: "Forgotten",
  },
};

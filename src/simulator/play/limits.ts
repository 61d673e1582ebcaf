/** Every limit of playing a scenario, and why it is what it is. */
export const limits = {
  /** How long before the scenario the cluster starts: nodes register, pods start. What still moves then will not stop. */
  warmUpMs: 900_000,
  /** How long nodes have to register and to be found ready. */
  registerMs: 10_000,
  /** Between two looks at loads and capacities. A minute is a multiple of it, so that no look spans two minutes. */
  stepMs: 10_000,
  /** Between two samples of the whole cluster. */
  sampleMs: 60_000,
  /** While somebody waits for an answer of the API: the step by which time passes. */
  answerStepMs: 20,
  /** How long an answer may take before the scenario gives up. */
  answerWithinMs: 120_000,
  /** A drained node is looked at again after this, so often. */
  drainPauseMs: 5_000,
  drainRounds: 120,
  /** What is named of what still moves. */
  movingNamed: 20,
} as const;

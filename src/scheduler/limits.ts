/** Nodes that fit among which to choose, at least: Kubernetes' numbers. */
export const minFeasibleNodes = 100;
export const minPercentageOfNodes = 5;

/** Pauses before a pod that could not be placed or bound is tried again. Doubles, as in Kubernetes. */
export const podBackoffBaseMs = 1_000;
export const podBackoffMaxMs = 10_000;

/** A pod that nothing woke for so long is tried once more: a safety net, should an event be missing in a plugin's list. */
export const unschedulableMaxMs = 300_000;

/** Who places pods that name no scheduler. */
export const defaultSchedulerName = "default-scheduler";

/** Bindings under way at a time. */
export const parallelBinds = 64;

/** How long a pod waits for its volumes to be bound before it is placed anew: Kubernetes' number. */
export const bindVolumesTimeoutMs = 600_000;

/** Explanations being written at a time; they must not get in the way of bindings. */
export const parallelExplanations = 8;

/** Candidates among which a pod that preempts others chooses, at least: Kubernetes' numbers. */
export const minCandidates = 100;
export const minPercentageOfCandidates = 10;

/** So many of a node's pods are tried in all combinations to find victims that violate no budget. */
export const mostSparedPods = 8;

/** Such combinations for one preemptor, on all nodes: some milliseconds each hundred. */
export const mostSparingTrials = 1_000;

/** Victims of preemption being told to go at a time. */
export const parallelEvictions = 16;

/** For how long what would help pods of a shape is said again without another look, in milliseconds. */
export const hintAgeMs = 1_000;

/** Nodes that are given other labels for a moment to see whether these would help: some hundredths of a millisecond each. */
export const mostLabelTrials = 100;

/** The share of the time that may go into finding out what would help. */
export const hintShare = 0.05;

/** Decisions in one go before other work of the process gets its turn, in milliseconds. */
export const sliceMs = 5;

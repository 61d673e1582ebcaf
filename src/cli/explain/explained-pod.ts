/** What a scheduler says of a pod, with what it suggests in words: why it is nowhere, or why it is where it is. */
export interface ExplainedPod {
  /** `namespace/name`. */
  readonly pod: string;
  /** Who decides on it, when that is not the scheduler whose rules these are. */
  readonly otherScheduler?: string;
  readonly placement: Gated | Unplaced | Placed | Misplaced | Ended;
  /** Changes that would help, the smallest first. */
  readonly suggestions: readonly Suggested[];
  /** Pods that make room for it, where it is important enough to ask. */
  readonly preemption?: Room;
  /** Pods that would have to, if it were more important. */
  readonly ifMoreImportant?: Room & { readonly priority: number };
}

export interface Gated {
  readonly type: "gated";
  readonly reason: string;
}

export interface Ended {
  readonly type: "ended";
  readonly phase: string;
  readonly node?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface Misplaced {
  readonly type: "misplaced";
  /** That is not there. */
  readonly node: string;
}

export interface Unplaced {
  readonly type: "unplaced";
  /** Where room is being made for it. */
  readonly nominatedNode?: string;
  readonly refused: readonly RefusedNodes[];
  readonly feasible: readonly ScoredNode[];
}

export interface Placed {
  readonly type: "placed";
  readonly node: string;
  /** Why its node would not take it now. */
  readonly refusedNow: readonly string[];
  readonly refused: readonly RefusedNodes[];
  readonly feasible: readonly ScoredNode[];
}

export interface RefusedNodes {
  readonly reasons: readonly { readonly reason: string }[];
  /** Those for whom room is being made there. */
  readonly keptFor?: readonly string[];
  readonly nodes: readonly string[];
}

export interface ScoredNode {
  readonly node: string;
  readonly total: number;
  readonly byPlugin: Readonly<Record<string, number>>;
}

export interface Suggested {
  readonly change: string;
  /** The nodes that it opens. */
  readonly nodes: readonly string[];
}

export interface Room {
  readonly node: string;
  /** `namespace/name`. */
  readonly pods: readonly string[];
}

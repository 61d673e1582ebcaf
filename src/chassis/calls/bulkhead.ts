import { type Priority, priorities } from "../telemetry/mod.ts";
import { Refusal } from "./failures.ts";
import { limits } from "./limits.ts";
import { type Observe, type OutgoingCall, type Policy, unobserved } from "./policy.ts";

export interface BulkheadOptions {
  /** Attempts that may be under way at once. */
  readonly concurrent?: number;
  /** And those that may wait for one of them to end. */
  readonly waiting?: number;
  readonly observe?: Observe;
}

/**
 * Bounds what one service may take of ours: when it is slow, those who call it wait for one another, and not everybody else for memory and
 * connections. What matters more goes first, and when no more may wait what matters least is refused, with a problem 503.
 */
export function bulkhead({
  concurrent = limits.bulkheadConcurrent,
  waiting = limits.bulkheadWaiting,
  observe = unobserved,
}: BulkheadOptions = {}): Policy {
  const queue = new WaitingCalls();
  let underWay = 0;
  const refusal = (call: OutgoingCall) => {
    observe("refused by bulkhead", call);
    return new Refusal("bulkhead", 503, `${call.target} is not asked now: too many calls are under way`);
  };
  const enter = async (call: OutgoingCall) => {
    if (underWay < concurrent) {
      underWay += 1;
      return;
    }
    if (queue.length >= waiting && !queue.displace(call.priority, refusal)) throw refusal(call);
    // Who ends hands its room on: it is not counted anew.
    await queue.wait(call);
  };
  const leave = () => {
    if (!queue.letOneIn()) underWay -= 1;
  };
  return async (call, next) => {
    await enter(call);
    try {
      return await next(call);
    } finally {
      leave();
    }
  };
}

interface Waiting {
  readonly call: OutgoingCall;
  readonly letIn: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** Those who wait: the more urgent before the less, those alike in the order in which they came. */
class WaitingCalls {
  readonly #lines = new Map<Priority, Set<Waiting>>(priorities.map((priority) => [priority, new Set()]));

  get length(): number {
    let length = 0;
    for (const line of this.#lines.values()) length += line.size;
    return length;
  }

  /** Resolves when it is let in; rejects when it is refused, or when the caller goes. */
  async wait(call: OutgoingCall): Promise<void> {
    const { promise, resolve: letIn, reject: refuse } = Promise.withResolvers<void>();
    const waiting: Waiting = { call, letIn, refuse };
    const line = this.#lines.get(call.priority) as Set<Waiting>;
    const go = () => {
      // At once: who is still in line may be let in.
      line.delete(waiting);
      refuse(call.signal.reason);
    };
    line.add(waiting);
    call.signal.addEventListener("abort", go, { once: true });
    try {
      await promise;
    } finally {
      call.signal.removeEventListener("abort", go);
    }
  }

  letOneIn(): boolean {
    for (const line of this.#lines.values()) {
      const [first] = line;
      if (!first) continue;
      line.delete(first);
      first.letIn();
      return true;
    }
    return false;
  }

  /** Refuses the last of those who matter least, if they matter less than `priority`. */
  displace(priority: Priority, refusal: (call: OutgoingCall) => unknown): boolean {
    for (const least of priorities.toReversed()) {
      if (least === priority) return false;
      const line = this.#lines.get(least) as Set<Waiting>;
      const last = [...line].at(-1);
      if (!last) continue;
      line.delete(last);
      last.refuse(refusal(last.call));
      return true;
    }
    return false;
  }
}

/** A signal that is aborted with another one, or before it. */
export interface DerivedSignal {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the other. To be called when whoever has the signal is done. */
  release(): void;
}

/** In place of `AbortSignal.any`, which costs ten times as much: calls know when they are over, and need nobody to collect what they leave. */
export function derivedSignal(from: AbortSignal): DerivedSignal {
  const controller = new AbortController();
  const follow = () => controller.abort(from.reason);
  if (from.aborted) follow();
  else from.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => from.removeEventListener("abort", follow),
  };
}

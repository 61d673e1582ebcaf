/** How many calls of late, and how many of them failed. Time is cut into a few slices, and the oldest is forgotten as a whole. */
export class FailureWindow {
  readonly #sliceMs: number;
  readonly #slices: Slice[] = Array.from({ length: sliceCount }, () => ({
    number: -1,
    calls: 0,
    failures: 0,
  }));

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / sliceCount;
  }

  add(nowMs: number, failed: boolean): void {
    const number = Math.floor(nowMs / this.#sliceMs);
    const slice = this.#slices[number % sliceCount] as Slice;
    if (slice.number !== number) Object.assign(slice, { number, calls: 0, failures: 0 });
    slice.calls += 1;
    if (failed) slice.failures += 1;
  }

  read(nowMs: number): { readonly calls: number; readonly failures: number } {
    const oldest = Math.floor(nowMs / this.#sliceMs) - sliceCount + 1;
    let calls = 0;
    let failures = 0;
    for (const slice of this.#slices) {
      if (slice.number < oldest) continue;
      calls += slice.calls;
      failures += slice.failures;
    }
    return { calls, failures };
  }

  clear(): void {
    for (const slice of this.#slices) slice.number = -1;
  }
}

const sliceCount = 10;

interface Slice {
  /** Since time began. */
  number: number;
  calls: number;
  failures: number;
}

/** What Node is told when it runs a program of the cluster: idle programs should be small. */
export const programFlags: readonly string[] = [
  "--disable-warning=ExperimentalWarning",
  // A young generation that fits a second-level cache costs no speed that was measured.
  "--max-semi-space-size=4",
  // V8 would let the heap of a program that parses much grow to several times what lives in it, which costs as much CPU as this.
  "--heap-growing-percent=40",
];

/**
 * What Node is told when it runs a program of the cluster. The API server, and what speaks for hundreds of fake nodes, are to be quick in a burst: requests
 * under way still live when a small young generation is full, so that most of them would be copied, and kept until the next collection of the whole
 * heap. The others are to be small.
 */
export function programFlags(program: string): readonly string[] {
  const { semiSpaceMb, growingPercent } = quickPrograms.has(program) ? quick : small;
  return [
    "--disable-warning=ExperimentalWarning",
    `--max-semi-space-size=${semiSpaceMb}`,
    // V8 would let the heap of a program that parses much grow to several times what lives in it.
    `--heap-growing-percent=${growingPercent}`,
    // V8 would make old from the start what lived long while the cluster started, such as all that a request is made of (decision 85).
    "--no-allocation-site-pretenuring",
  ];
}

const quickPrograms: ReadonlySet<string> = new Set(["control-plane", "fake-nodes"]);
const quick = { semiSpaceMb: 16, growingPercent: 100 };
const small = { semiSpaceMb: 4, growingPercent: 40 };

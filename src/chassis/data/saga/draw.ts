import { type AnySaga, edgesOf } from "./check.ts";

/** The machine as a Mermaid state diagram. */
export function drawSaga<Definition>(definition: Definition): string {
  const saga = definition as AnySaga;
  const finals = Object.entries(saga.states).filter(([, state]) => "final" in state);
  return [
    "stateDiagram-v2",
    `  [*] --> ${saga.initial}`,
    ...edgesOf(saga).map(({ from, on, to }) => `  ${from} --> ${to}: ${on}`),
    ...finals.map(([name]) => `  ${name} --> [*]`),
  ].join("\n");
}

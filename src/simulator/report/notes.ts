import type { Scenario } from "../scenario/scenario.ts";

/** Kinds that are stored and that nobody here acts on. */
const idle = new Map([
  ["HorizontalPodAutoscaler", "nothing is scaled by it"],
  ["Ingress", "requests come to services directly"],
  ["NetworkPolicy", "the simulated network lets everything pass"],
]);

/** What the reader of a report has to know of what was not played. */
export function notes({ objects, events, services }: Scenario): string[] {
  const later = events.flatMap(({ action }) => (action.do === "deploy" ? action.objects : []));
  const kinds = new Set([...objects, ...later].map(({ object }) => object.kind ?? ""));
  const unlimited = services.filter(({ load, capacity }) => load && capacity.per === "nothing");
  return [
    ...[...kinds].flatMap((kind) => {
      const why = idle.get(kind);
      return why ? [`${kind} is stored, but not played: ${why}.`] : [];
    }),
    ...unlimited.map(
      ({ namespace, name }) =>
        `Nobody said what a pod of ${namespace}/${name} can serve (requestsPerSecondPerCore): it serves all that comes.`,
    ),
  ];
}

import type { Played } from "../play/play.ts";

/** Kinds that are stored and that nobody here acts on. */
const idle = new Map([
  ["HorizontalPodAutoscaler", "nothing is scaled by it"],
  ["Ingress", "requests come to services directly"],
  ["LimitRange", "nothing is refused or given because of it"],
  ["ResourceQuota", "nothing is refused because of it"],
  ["NetworkPolicy", "the simulated network lets everything pass"],
]);

/** What the reader of a report has to know of what was not played. */
export function notes({ scenario, services: meters }: Pick<Played, "scenario" | "services">): string[] {
  const { objects, events, services } = scenario;
  const later = events.flatMap(({ action }) => (action.do === "deploy" ? action.objects : []));
  const kinds = new Set([...objects, ...later].map(({ object }) => object.kind ?? ""));
  const unlimited = services.filter(({ load, capacity }) => load && capacity.per === "nothing");
  const withoutCores = meters.filter(({ model, hasUnlimitedPods }) => model.load && hasUnlimitedPods);
  return [
    ...[...kinds].flatMap((kind) => {
      const why = idle.get(kind);
      return why ? [`${kind} is stored, but not played: ${why}.`] : [];
    }),
    ...unlimited.map(
      ({ namespace, name }) =>
        `Nobody said what a pod of ${namespace}/${name} can serve (requestsPerSecondPerCore): it serves all that comes.`,
    ),
    ...withoutCores.map(
      ({ model: { namespace, name } }) =>
        `Pods of ${namespace}/${name} request no CPU, so requestsPerSecondPerCore says nothing of them: they serve all that comes (give their containers a CPU request, or say requestsPerSecondPerPod).`,
    ),
  ];
}

import type { LabelSelector, PodTemplateSpec } from "../generated/types.ts";
import { compileLabelSelector } from "../selector/label-selector.ts";
import { formatSelector } from "../selector/selector.ts";
import type { Column } from "../table/columns.ts";
import { wideColumn } from "../table/name-and-age.ts";

/** What `-o wide` shows of everything that makes pods. */
export const workloadColumns: readonly Column[] = [
  wideColumn("Containers", "Names of the containers in its template."),
  wideColumn("Images", "Images of the containers in its template."),
  wideColumn("Selector", "Which pods are its own."),
];

/** The cells of `workloadColumns`. */
export function workloadCells(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): string[] {
  return [...templateCells(template), shownSelector(selector)];
}

/** Names and images of a template's containers. */
export function templateCells(template: PodTemplateSpec | undefined): string[] {
  const containers = template?.spec?.containers ?? [];
  return [
    containers.map((container) => container.name).join(","),
    containers.map((container) => container.image ?? "").join(","),
  ];
}

export function shownSelector(selector: LabelSelector | undefined): string {
  return selector === undefined ? "<none>" : formatSelector(compileLabelSelector(selector)) || "<none>";
}

export function shownLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([key, value]) => `${key}=${value}`).join(",") || "<none>";
}

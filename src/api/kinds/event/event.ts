import { events, eventsV1Events } from "../../generated/resources.ts";
import type { Event, EventsV1Event } from "../../generated/types.ts";
import { age } from "../../table/age.ts";
import type { Cell, Column } from "../../table/columns.ts";
import { column, nameColumn, wideColumn } from "../../table/name-and-age.ts";
import { defineKind } from "../define-kind.ts";
import { type FieldErrors, invalidValue, required } from "../field-errors.ts";
import type { KindDefinition } from "../kind-definition.ts";
import { maxEventMessageBytes } from "../limits.ts";
import { utf8Length } from "../metadata.ts";
import { fromCoreEvent, toCoreEvent } from "./convert.ts";

/** Events as the core group serves them: this is the form they are stored in. */
export const eventKind: KindDefinition<Event> = defineKind(events, {
  createOnUpdate: true,
  validate: validateEvent,
  columns: { columns: eventColumns(), row: eventRow },
  selectableFields: eventFields(),
});

/** The same events as `events.k8s.io` serves them. */
export const eventsV1EventKind: KindDefinition<EventsV1Event> = defineKind(eventsV1Events, {
  createOnUpdate: true,
  storage: {
    group: "",
    resource: "events",
    apiVersion: "v1",
    convert: {
      toStored: toCoreEvent,
      fromStored: (stored) => fromCoreEvent(stored as Event),
    },
  },
  validate(event, errors, old) {
    if (old === undefined && event.eventTime) validateNewEvent(event, errors);
    validateEvent(toCoreEvent(event), errors);
  },
  columns: { columns: eventColumns(), row: (event, nowMs) => eventRow(toCoreEvent(event), nowMs) },
  selectableFields: Object.fromEntries(
    Object.entries(eventFields()).map(([field, read]) => [
      field.replace("involvedObject.", "regarding.").replace("reportingComponent", "reportingController"),
      (event: EventsV1Event) => read(toCoreEvent(event)),
    ]),
  ),
});

function eventFields(): Record<string, (event: Event) => string> {
  const fields: Record<string, (event: Event) => string> = {
    reason: (event) => event.reason ?? "",
    type: (event) => event.type ?? "",
    source: (event) => event.source?.component || event.reportingComponent || "",
    reportingComponent: (event) => event.reportingComponent ?? "",
  };
  for (const field of [
    "kind",
    "namespace",
    "name",
    "uid",
    "apiVersion",
    "resourceVersion",
    "fieldPath",
  ] as const) {
    fields[`involvedObject.${field}`] = (event) => event.involvedObject?.[field] ?? "";
  }
  return fields;
}

function validateEvent(event: Event, errors: FieldErrors): void {
  const involved = event.involvedObject?.namespace;
  const namespace = event.metadata?.namespace;
  // An event about something without a namespace lives in `default` (or, if it must, `kube-system`).
  const fits = involved ? involved === namespace : namespace === "default" || namespace === "kube-system";
  if (!fits)
    errors.push(invalidValue("involvedObject.namespace", involved ?? "", "does not match event.namespace"));
  if (utf8Length(event.message ?? "") > maxEventMessageBytes && event.eventTime) {
    errors.push(invalidValue("message", "", `can have at most ${maxEventMessageBytes} characters`));
  }
}

function validateNewEvent(event: EventsV1Event, errors: FieldErrors): void {
  if (!event.reportingController) errors.push(required("reportingController"));
  if (!event.reportingInstance) errors.push(required("reportingInstance"));
  if (!event.action) errors.push(required("action"));
  if (!event.reason) errors.push(required("reason"));
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(invalidValue("type", event.type ?? "", "has invalid value"));
  }
}

function eventColumns(): Column[] {
  return [
    column("Last Seen", "When it was last seen."),
    column("Type", "Normal, or a warning."),
    column("Reason", "What happened, in one word."),
    column("Object", "What it happened to."),
    wideColumn("Subobject", "Which part of it."),
    wideColumn("Source", "Who says so."),
    column("Message", "What happened, in a sentence."),
    wideColumn("First Seen", "When it was first seen."),
    wideColumn("Count", "How often it was seen."),
    { ...nameColumn(), priority: 1 },
  ];
}

function eventRow(event: Event, nowMs: number): Cell[] {
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const count = event.series?.count ?? (event.count || 1);
  const { kind = "", name = "", fieldPath } = event.involvedObject ?? {};
  return [
    age(last, nowMs),
    event.type ?? "",
    event.reason ?? "",
    name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase(),
    fieldPath ?? "",
    shownSource(event),
    (event.message ?? "").trim(),
    age(first, nowMs),
    count,
    event.metadata?.name ?? "",
  ];
}

function shownSource(event: Event): string {
  const component = event.source?.component || event.reportingComponent || "";
  const host = event.source?.host || event.reportingInstance;
  return host ? `${component}, ${host}` : component;
}

import { type Fields, type Located, unknown } from "./located.ts";
import { type Files, manifestFile, manifests, nameOf } from "./manifests.ts";
import type { Mistake } from "./mistakes.ts";
import { amount, count, duration, namespacedName, shown, text, timeOfDay } from "./scalars.ts";
import type {
  PlacedObject,
  ScenarioAction,
  ScenarioEvent,
  ScenarioNode,
  Surge,
  WorkloadName,
} from "./scenario.ts";
import { mostReplicas } from "./size-check.ts";

/** What events may speak of. */
export interface EventContext {
  /** Undefined: it could not be read, so that nothing can be said of times of day. */
  readonly startAt: number | undefined;
  readonly durationMs: number;
  readonly nodes: readonly ScenarioNode[];
  readonly objects: readonly PlacedObject[];
  /** False: some objects could not be read, so that one which is not there may yet exist. */
  readonly isComplete: boolean;
  readonly files: Files;
  readonly mistakes: Mistake[];
}

const actions = ["lose", "restore", "drain", "uncordon", "deploy", "scale", "load"] as const;
type ActionName = (typeof actions)[number];

/** Things that happen, each at its time, in any order. What is lost `for` a while is an event more. */
export function events(list: readonly Located[], context: EventContext): ScenarioEvent[] {
  return list.flatMap((value) => event(value, context)).sort((a, b) => a.atMs - b.atMs);
}

function event(value: Located, context: EventContext): ScenarioEvent[] {
  const fields = value.fields("an event", ["at", ...actions]);
  if (!fields) return [];
  const at = fields.need("at");
  const atMs = at && eventTime(at, context);
  const named = actions.filter((name) => fields.get(name));
  const [name] = named;
  if (name === undefined || named.length > 1) {
    value.complain(`an event does one thing: one of ${actions.join(", ")}`);
    return [];
  }
  const found = readers[name](fields.need(name) as Located, { ...context, atMs: atMs ?? 0 });
  return atMs === undefined ? [] : found;
}

type Reader = (value: Located, context: EventContext & { readonly atMs: number }) => ScenarioEvent[];

const readers: Readonly<Record<ActionName, Reader>> = {
  lose: (value, context) => {
    const target = targetOf(value, context, ["for"]);
    if (!target) return [];
    const lasting = target.fields.get("for");
    const forMs = lasting && duration(lasting);
    const { nodes, words } = target;
    const lost = happening(context.atMs, `${words} is lost`, { do: "lose", nodes });
    if (forMs === undefined) return [lost];
    return [lost, happening(context.atMs + forMs, `${words} is back`, { do: "restore", nodes })];
  },
  restore: (value, context) => overNodes(value, context, "restore", (words) => `${words} is back`),
  drain: (value, context) => overNodes(value, context, "drain", (words) => `${words} is drained`),
  uncordon: (value, context) => overNodes(value, context, "uncordon", (words) => `${words} takes pods again`),
  deploy: (value, { atMs, files, mistakes }) => {
    const objects =
      value.isMap || value.scalar !== undefined
        ? value.isMap
          ? manifests([value], files, mistakes)
          : manifestFile(value, files, mistakes)
        : manifests(value.items("deploy"), files, mistakes);
    const what = value.scalar ?? objects.map(({ object }) => `${object.kind} ${nameOf(object)}`).join(", ");
    return [happening(atMs, `${what} is deployed`, { do: "deploy", objects })];
  },
  scale: (value, { atMs, ...context }) => {
    const fields = value.fields("scale", ["deployment", "statefulSet", "replicas"]);
    const replicasAt = fields?.need("replicas");
    const replicas = replicasAt && count(replicasAt, 0, mostReplicas);
    const workload = fields && workloadOf(value, fields, context);
    if (replicas === undefined || !workload) return [];
    const words = `${workload.namespace}/${workload.name} is scaled to ${replicas}`;
    return [happening(atMs, words, { do: "scale", workload, replicas })];
  },
  load: (value, { atMs, ...context }) => {
    const surge = surgeOf(value, atMs, context);
    if (!surge) return [];
    const words = `load of ${surge.service} × ${surge.times} for ${hours(surge.forMs)}`;
    return [happening(atMs, words, { do: "load", surge })];
  },
};

function happening(atMs: number, words: string, action: ScenarioAction): ScenarioEvent {
  return { atMs, words, action };
}

function overNodes(
  value: Located,
  context: EventContext & { readonly atMs: number },
  name: "restore" | "drain" | "uncordon",
  say: (words: string) => string,
): ScenarioEvent[] {
  const target = targetOf(value, context, []);
  if (!target) return [];
  return [happening(context.atMs, say(target.words), { do: name, nodes: target.nodes })];
}

/** `{ zone: b }` or `{ node: small-1 }` */
function targetOf<More extends string>(
  value: Located,
  { nodes }: EventContext,
  more: readonly More[],
): { readonly fields: Fields<More>; readonly nodes: string[]; readonly words: string } | undefined {
  const fields = value.fields<"zone" | "node" | More>("what it happens to", ["zone", "node", ...more]);
  if (!fields) return undefined;
  const [zoneAt, nodeAt] = [fields.get("zone"), fields.get("node")];
  if ((zoneAt === undefined) === (nodeAt === undefined)) {
    return value.complain("it happens to one zone or one node: { zone: b } or { node: small-1 }");
  }
  const at = (zoneAt ?? nodeAt) as Located;
  const name = text(at);
  if (name === undefined) return undefined;
  const found = nodes.filter(({ shape }) => (zoneAt ? shape.zone : shape.name) === name);
  const what = zoneAt ? "zone" : "node";
  // Without any node that is the mistake, and told elsewhere.
  if (found.length === 0 && nodes.length > 0) {
    const known = nodes.flatMap(({ shape }) => (zoneAt ? (shape.zone ?? []) : shape.name));
    return at.complain(unknown(what, name, [...new Set(known)]));
  }
  return { fields, nodes: found.map(({ shape }) => shape.name), words: `${what} ${name}` };
}

function workloadOf(
  value: Located,
  fields: Fields<"deployment" | "statefulSet" | "replicas">,
  context: Named,
): WorkloadName | undefined {
  const [deployment, statefulSet] = [fields.get("deployment"), fields.get("statefulSet")];
  if ((deployment === undefined) === (statefulSet === undefined)) {
    return value.complain("one thing is scaled: { deployment: shop/web, replicas: 5 }, or a statefulSet");
  }
  const at = (deployment ?? statefulSet) as Located;
  const kind = deployment ? "Deployment" : "StatefulSet";
  const name = knownName(at, kind, context);
  if (name === undefined) return undefined;
  const [namespace = "", own = ""] = name.split("/");
  return { kind, namespace, name: own };
}

function surgeOf(value: Located, fromMs: number, context: Named): Surge | undefined {
  const fields = value.fields("load", ["service", "times", "for", "ramp"]);
  if (!fields) return undefined;
  const [serviceAt, timesAt, forAt] = [fields.need("service"), fields.need("times"), fields.need("for")];
  const rampAt = fields.get("ramp");
  const service = serviceAt && knownName(serviceAt, "Service", context);
  const times = timesAt && amount(timesAt, 0, 10_000);
  const forMs = forAt && duration(forAt);
  const rampMs = rampAt ? duration(rampAt) : 0;
  if (service === undefined || times === undefined || forMs === undefined || rampMs === undefined) {
    return undefined;
  }
  if (2 * rampMs > forMs) {
    return rampAt?.complain("the load ramps up and down within `for`: a ramp is at most half of it");
  }
  return { service, times, fromMs, forMs, rampMs };
}

type Named = Pick<EventContext, "objects" | "isComplete">;

function knownName(at: Located, kind: string, { objects, isComplete }: Named): string | undefined {
  const written = text(at);
  if (written === undefined) return undefined;
  const name = namespacedName(written);
  const known = objects.filter(({ object }) => object.kind === kind).map(({ object }) => nameOf(object));
  if (known.includes(name) || !isComplete) return name;
  return at.complain(unknown(kind, written, [...new Set(known)]));
}

/** `10:30` (the first one after the start), `day 2 10:30`, or since the start: `90m`. */
function eventTime(value: Located, { startAt, durationMs }: EventContext): number | undefined {
  const written = String(value.scalar ?? "");
  const beginning = startAt ?? 0;
  const match = /^(?:day (\d+) +)?(\S+)$/.exec(written);
  const ofDay = timeOfDay(match?.[2] ?? "");
  let atMs: number | undefined;
  if (ofDay !== undefined && startAt === undefined) return 0;
  if (ofDay === undefined) {
    if (match?.[1] !== undefined || !/^[\d.]+(ms|s|m|h|d)/.test(written)) {
      return value.complain(`${shown(value)} is no time; write 10:30, day 2 10:30, or since the start 90m`);
    }
    atMs = duration(value);
  } else {
    const midnight = Math.floor(beginning / dayMs) * dayMs;
    const day = match?.[1] === undefined ? undefined : Number(match[1]) - 1;
    atMs = midnight + (day ?? 0) * dayMs + ofDay - beginning;
    if (day === undefined && atMs < 0) atMs += dayMs;
  }
  if (atMs === undefined || (atMs >= 0 && atMs <= durationMs)) return atMs;
  return value.complain(
    `${shown(value)} lies outside of the scenario, which lasts ${hours(durationMs)} from ${clock(beginning)} on`,
  );
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

function hours(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

const dayMs = 86_400_000;

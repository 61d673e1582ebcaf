import type { ClusterContents } from "./cluster.ts";
import { events } from "./events.ts";
import { expectations } from "./expectations.ts";
import { fleet } from "./fleet.ts";
import type { Located } from "./located.ts";
import { readYaml } from "./located.ts";
import { type Files, manifests } from "./manifests.ts";
import { type Mistake, ScenarioError } from "./mistakes.ts";
import { mistakesOfReference } from "./reference-check.ts";
import { duration, shown, text, timeOfDay } from "./scalars.ts";
import type { Scenario } from "./scenario.ts";
import { services } from "./services.ts";

export interface ReadScenarioOptions {
  /** As mistakes call it. */
  readonly file: string;
  readonly text: string;
  readonly files: Files;
  /** What is there before anything that the scenario says. */
  readonly cluster?: ClusterContents;
}

/** Reads a scenario and all that it names. Throws `ScenarioError` with every mistake that was found. */
export function readScenario(options: ReadScenarioOptions): Scenario {
  const mistakes: Mistake[] = [];
  const [document, ...more] = readYaml(options.file, options.text, mistakes);
  for (const one of more) one.complain("a scenario is one document; manifests go into files of their own");
  if (!document && mistakes.length === 0) {
    const place = { file: options.file, line: 1, column: 1 };
    mistakes.push({ place, message: "there is nothing in it; see: nacre simulate --help" });
  }
  const found = document && scenario(document, options, mistakes);
  if (!found || mistakes.length > 0) throw new ScenarioError(mistakes);
  return found;
}

function scenario(
  document: Located,
  { files, cluster = { nodes: [], objects: [] } }: ReadScenarioOptions,
  mistakes: Mistake[],
): Scenario | undefined {
  const fields = document.fields("a scenario", [
    "name",
    "start",
    "duration",
    "settle",
    "manifests",
    "fleet",
    "services",
    "events",
    "expect",
  ]);
  if (!fields) return undefined;
  const items = (name: "manifests" | "fleet" | "events" | "expect") => fields.get(name)?.items(name) ?? [];
  const [nameAt, startAt, durationAt, settleAt] = [
    fields.get("name"),
    fields.get("start"),
    fields.need("duration"),
    fields.get("settle"),
  ];
  const durationMs = (durationAt && lasting(durationAt, longestMs)) ?? longestMs;
  const start = startAt ? startTime(startAt) : defaultStart;
  const nodes = fleet(items("fleet"), cluster.nodes);
  if (nodes.length === 0 && mistakes.length === 0) {
    document.complain("a scenario needs nodes: a fleet, or those of the live cluster (--from-cluster)");
  }
  const before = mistakes.length;
  const written = manifests(items("manifests"), files, mistakes);
  const objects = [...cluster.objects, ...written];
  const isComplete = mistakes.length === before;
  const found = events(items("events"), {
    startAt: start,
    durationMs,
    nodes,
    objects,
    isComplete,
    files,
    mistakes,
  });
  if (isComplete && mistakes.length === before) {
    mistakes.push(...mistakesOfReference(written, { events: found, there: cluster.objects }));
  }
  const later = found.flatMap(({ action }) => (action.do === "deploy" ? action.objects : []));
  const models = services(fields.get("services"), {
    objects: [...objects, ...later],
    isComplete,
  });
  return {
    name: (nameAt && text(nameAt)) ?? "a scenario without a name",
    startAt: start ?? defaultStart,
    durationMs,
    settleMs: (settleAt && lasting(settleAt, dayMs)) ?? defaultSettleMs,
    objects,
    nodes,
    services: models,
    events: found,
    expectations: expectations(items("expect"), {
      isComplete,
      services: models.map(({ namespace, name }) => `${namespace}/${name}`),
      namespaces: [...new Set([...objects, ...later].map(({ object }) => object.metadata?.namespace ?? ""))],
    }),
  };
}

/** `08:00`, on the day that every scenario begins on unless it says another: `2026-11-27T08:00:00Z`. */
function startTime(value: Located): number | undefined {
  const written = String(value.scalar ?? "");
  const ofDay = timeOfDay(written);
  if (ofDay !== undefined) return defaultStart + ofDay;
  const parsed = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(written) ? Date.parse(written) : Number.NaN;
  // A day that its month does not have is taken for one of the next.
  if (Number.isFinite(parsed) && new Date(parsed).toISOString().startsWith(written.slice(0, 10)))
    return parsed;
  return value.complain(
    `${shown(value)} is no beginning; write 08:00, or 2026-11-27T08:00:00Z (all times are UTC)`,
  );
}

function lasting(value: Located, mostMs: number): number | undefined {
  const found = duration(value);
  if (found === undefined || (found > 0 && found <= mostMs)) return found;
  return value.complain(
    `${shown(value)} cannot be played; more than nothing and at most ${mostMs / dayMs} days can`,
  );
}

const dayMs = 86_400_000;
const longestMs = 31 * dayMs;
const defaultSettleMs = 900_000;
const defaultStart: number = Date.UTC(2026, 0, 5);

import { dnsLabel, labelKey, labelValueRule, type NameRule, type Taint } from "#api";
import type { Located } from "./located.ts";
import { amount, count, durationRange, quantity, text } from "./scalars.ts";
import type { ScenarioNode } from "./scenario.ts";

/**
 * The nodes of a list of groups:
 *
 *     fleet:
 *       - name: small, count: 6, zones: [a, b, c], cpu: 4, memory: 16Gi
 */
export function fleet(groups: readonly Located[], already: readonly ScenarioNode[]): ScenarioNode[] {
  const found = [...already];
  for (const value of groups) found.push(...group(value, found));
  return found;
}

const groupFields = [
  ...(["name", "count", "zones", "cpu", "memory"] as const),
  ...(["storage", "labels", "taints", "failures"] as const),
];

function group(value: Located, others: readonly ScenarioNode[]): ScenarioNode[] {
  const fields = value.fields("a group of nodes", groupFields);
  if (!fields) return [];
  const [nameAt, cpuAt, memoryAt] = [fields.need("name"), fields.need("cpu"), fields.need("memory")];
  const [countAt, storageAt] = [fields.get("count"), fields.get("storage")];
  const name = (nameAt && nodeName(nameAt, others)) ?? "node";
  // A group with a mistake in it is not played, but what is said of its zones and nodes is no second mistake.
  const number = (countAt && count(countAt, 1, mostNodes)) ?? 1;
  const size = {
    cpuMilli: (cpuAt && quantity(cpuAt, "cpu")) ?? 1,
    memoryBytes: (memoryAt && quantity(memoryAt, "memory")) ?? 1,
    storageBytes: (storageAt && quantity(storageAt, "memory")) ?? 100 * 2 ** 30,
  };
  const zones = (fields.get("zones")?.items("zones") ?? []).map((zone) => ruled(zone, labelValueRule));
  const labels = labelsOf(fields.get("labels"));
  const taints = taintsOf(fields.get("taints")?.items("taints") ?? []);
  const failures = failuresOf(fields.get("failures"));
  if (others.length + number > mostNodes) {
    value.complain(`a scenario has at most ${mostNodes} nodes`);
    return [];
  }
  return Array.from({ length: number }, (_, index) => {
    const zone = zones[index % Math.max(1, zones.length)];
    return {
      shape: {
        name: `${name}-${index + 1}`,
        ...(zone === undefined ? {} : { zone }),
        ...size,
        labels,
        podRange: podRange(others.length + index),
      },
      taints,
      isUnschedulable: false,
      failures,
    };
  });
}

/** The range of the pods of the node `index`: 32,768 of them fit above the services' range. */
export function podRange(index: number): string {
  return `10.${128 + (index >> 8)}.${index & 255}.0/24`;
}

function nodeName(value: Located, others: readonly ScenarioNode[]): string | undefined {
  const name = ruled(value, dnsLabel);
  if (name !== undefined && others.some(({ shape }) => shape.name.replace(/-\d+$/, "") === name)) {
    return value.complain(`there are already nodes called ${name}-1 and so on; each group has its own name`);
  }
  return name;
}

function labelsOf(value: Located | undefined): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const { key, at, value: is } of value?.entries("labels") ?? []) {
    const [problem] = labelKey(key);
    if (problem) at.complain(`"${key}" is no label: ${problem}`);
    labels[key] = is.scalar === "" ? "" : (ruled(is, labelValueRule) ?? "");
  }
  return labels;
}

function taintsOf(list: readonly Located[]): Taint[] {
  const found: Taint[] = [];
  for (const value of list) {
    const taint = taintOf(value);
    if (!taint) continue;
    const { key, effect } = taint;
    if (found.some((other) => other.key === key && other.effect === effect)) {
      value.complain(
        `there is already a taint "${key}" with the effect ${effect}; a node has each key and effect once`,
      );
    } else found.push(taint);
  }
  return found;
}

/** As kubectl writes them: `dedicated=gpu:NoSchedule`, `dedicated:NoExecute`. */
function taintOf(value: Located): Taint | undefined {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(String(value.scalar));
  const [, key = "", own, effect = ""] = match ?? [];
  if (match && labelKey(key).length === 0 && labelValueRule(own ?? "").length === 0) {
    return { key, effect, ...(own === undefined ? {} : { value: own }) };
  }
  return value.complain(
    "a taint is written KEY=VALUE:EFFECT or KEY:EFFECT; effects are NoSchedule, PreferNoSchedule, NoExecute",
  );
}

function failuresOf(value: Located | undefined): ScenarioNode["failures"] {
  const fields = value?.fields("failures", ["perNodePerMonth", "lasting"]);
  const rateAt = fields?.need("perNodePerMonth");
  const perMonth = rateAt && amount(rateAt, 0, 100_000);
  const lastingAt = fields?.get("lasting");
  const lastingMs = lastingAt ? durationRange(lastingAt) : ([300_000, 1_800_000] as const);
  return perMonth && lastingMs ? { perMonth, lastingMs } : undefined;
}

/** A text that keeps one of the API's rules. */
function ruled(value: Located, rule: NameRule): string | undefined {
  const written = text(value);
  const [problem] = written === undefined ? [] : rule(written);
  return problem === undefined ? written : value.complain(`"${written}" cannot be: ${problem}`);
}

/** What the ranges of pods have room for, and far more than a scenario needs. */
const mostNodes = 10_000;

import type { Played } from "../play/play.ts";
import type { Shortage } from "./report.ts";
import { waitsDuring } from "./waits.ts";

/** Everything that there was not enough of between the scenario's start and its end, by the first time. */
export function shortages(played: Pick<Played, "services" | "pods" | "scenario">): Shortage[] {
  const { services, pods, scenario } = played;
  const found = new Map<string, Shortage>();
  const add = (atMs: number, what: string, message: string) => {
    // What began before the start and lasted is there from the start.
    const atSeconds = Math.max(0, Math.floor(atMs / 1000));
    const known = found.get(what);
    if (!known || known.atSeconds > atSeconds) found.set(what, { atSeconds, what, message });
  };
  for (const { fromMs, pod, why } of waitsDuring(played)) {
    for (const what of lackingIn(why))
      add(fromMs, what, `pod ${pod} finds no node: ${why.replace(/\.$/, "")}`);
  }
  for (const { model, firstOverload, firstOutageMs } of services) {
    const name = `${model.namespace}/${model.name}`;
    if (firstOverload) {
      const { atMs, perSecond, capacity, pods: count } = firstOverload;
      const can = `${count} ${count === 1 ? "pod serves" : "pods serve"} ${round(capacity)} requests/s`;
      add(atMs, `pods of ${name}`, `${can}, and ${round(perSecond)} come`);
    }
    if (firstOutageMs !== undefined) add(firstOutageMs, `pods of ${name}`, "no pod answers");
  }
  for (const [workload, times] of pods.outOfMemory) {
    const kills = times.filter((atMs) => atMs >= 0 && atMs <= scenario.durationMs);
    const [first] = kills;
    if (first === undefined) continue;
    add(
      first,
      `memory of ${workload}`,
      `a container reached its memory limit and was killed, ${kills.length === 1 ? "once" : `${kills.length} times`} in all`,
    );
  }
  return [...found.values()].sort((a, b) => a.atSeconds - b.atSeconds || (a.what < b.what ? -1 : 1));
}

/** What the scheduler names as missing: `Insufficient cpu` → `cpu`. Nodes themselves when it names nothing. */
function lackingIn(why: string): string[] {
  const named = [...why.matchAll(/Insufficient ([\w./-]*\w)/g)].map(([, resource]) => resource as string);
  return named.length > 0 ? [...new Set(named)] : ["nodes that fit"];
}

function round(value: number): string {
  return String(Math.round(value));
}

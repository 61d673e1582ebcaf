import type { Played } from "../play/play.ts";
import type { Shortage } from "./report.ts";

/** Everything that there was not enough of, by the first time. */
export function shortages({ services, pods }: Played): Shortage[] {
  const found = new Map<string, Shortage>();
  const add = (atMs: number, what: string, message: string) => {
    const atSeconds = Math.max(0, Math.floor(atMs / 1000));
    const known = found.get(what);
    if (!known || known.atSeconds > atSeconds) found.set(what, { atSeconds, what, message });
  };
  for (const { fromMs, pod, why } of pods.waits) {
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
  for (const [workload, { atMs, kills }] of pods.outOfMemory) {
    const times = kills === 1 ? "once" : `${kills} times`;
    add(
      atMs,
      `memory of ${workload}`,
      `a container reached its memory limit and was killed, ${times} in all`,
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

import { type Container, type Pod, quantityMilliValue, quantityValue } from "#api";

/** `cpu` in thousandths of a core, everything else in whole units. What is not there is zero. */
export type Amounts = Readonly<Record<string, number>>;

type QuantityList = Readonly<Record<string, string | number>> | undefined;

/** What a container counts with for scoring when it does not say: 100 thousandths of a core, 200 MiB. */
export const assumedByScores: Amounts = { cpu: 100, memory: 200 * 1024 * 1024 };

/**
 * What a pod asks a node to set aside. Walks through the pod's life: while init container k runs, it and the sidecars before it need
 * room; afterwards all sidecars and all containers do. The largest of these moments counts. What the pod as a whole says goes before
 * that; overhead comes on top.
 */
export function requestsOf(pod: Pod, assumed: Amounts = {}): Amounts {
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? {};
  const moments: Amounts[] = [];
  let sidecars: Amounts = {};
  for (const container of initContainers) {
    const withThis = sum(sidecars, ofContainer(container, assumed));
    moments.push(withThis);
    if (container.restartPolicy === "Always") sidecars = withThis;
  }
  moments.push(containers.map((each) => ofContainer(each, assumed)).reduce(sum, sidecars));
  return sum({ ...moments.reduce(largest), ...amounts(resources?.requests) }, amounts(overhead));
}

export function amounts(list: QuantityList): Amounts {
  return Object.fromEntries(
    Object.entries(list ?? {}).map(([name, quantity]) => [
      name,
      name === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity),
    ]),
  );
}

export function sum(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, (one, other) => one + other);
}

function ofContainer({ resources }: Container, assumed: Amounts): Amounts {
  return { ...assumed, ...amounts(resources?.requests) };
}

function largest(a: Amounts, b: Amounts): Amounts {
  return combine(a, b, Math.max);
}

function combine(a: Amounts, b: Amounts, how: (one: number, other: number) => number): Amounts {
  const names = [...Object.keys(a), ...Object.keys(b)];
  return Object.fromEntries(names.map((name) => [name, how(a[name] ?? 0, b[name] ?? 0)]));
}

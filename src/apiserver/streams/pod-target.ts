import { isFakeNode, type Node, nodes, type Pod, pods } from "#api";
import { badRequest, notFound } from "#base";
import type { StreamRequest } from "../ports.ts";

/** The pod that a conversation is about, and where it runs. */
export interface PodTarget {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly pod: Pod;
}

/** Throws NotFound, or BadRequest when the pod has no node yet, or only a simulated one. */
export function podTarget({ attributes, read }: StreamRequest): PodTarget {
  const { namespace = "", name = "" } = attributes;
  const pod = read.get(pods, name, namespace);
  if (!pod) throw notFound({ resource: "pods", name });
  const node = pod.spec?.nodeName;
  if (!node) throw badRequest(`pod ${name} does not have a host assigned`);
  requireMachine(read.get(nodes, node), `pod ${name} is simulated: `);
  return { namespace, name, node, pod };
}

/** Throws BadRequest for a node behind which no machine stands: nobody will ever dial its tunnel. */
export function requireMachine(node: Node | undefined, about = ""): void {
  if (!node || !isFakeNode(node)) return;
  throw badRequest(
    `${about}node ${node.metadata?.name} is a fake node, on which nothing really runs; there are no containers, logs or statistics to ask it for`,
  );
}

/** The container that was asked for, or the only one. Throws BadRequest in Kubernetes' words. */
export function containerOf({ name, pod }: PodTarget, asked: string | null): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const [regular, init, ephemeral] = [containers, initContainers, ephemeralContainers].map((list) =>
    list.map((container) => container.name),
  ) as [string[], string[], string[]];
  if (asked) {
    if ([...regular, ...init, ...ephemeral].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only] = regular;
  if (only !== undefined && regular.length === 1) return only;
  const others = [
    init.length ? ` or one of the init containers: [${init.join(" ")}]` : "",
    ephemeral.length ? ` or one of the ephemeral containers: [${ephemeral.join(" ")}]` : "",
  ].join("");
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${regular.join(" ")}]${others}`,
  );
}

/** `/exec/NAMESPACE/POD/CONTAINER` */
export function nodePath(verb: string, ...parts: readonly string[]): string {
  return `/${verb}/${parts.map(encodeURIComponent).join("/")}`;
}

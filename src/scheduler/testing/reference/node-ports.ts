import type { Pod } from "#api";
import { type Rule, whileItIsFull } from "./rule.ts";
import { podsOn } from "./world.ts";

export const nodePorts: Rule = {
  name: "NodePorts",
  refuses(pod, node, world) {
    const taken = podsOn(node, world).flatMap(hostPorts);
    const isTaken = hostPorts(pod).some((wanted) => taken.some((other) => collide(wanted, other)));
    return isTaken ? whileItIsFull : undefined;
  },
};

interface HostPort {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

/** Of containers that run all the time: sidecars too, other init containers not. */
function hostPorts(pod: Pod): readonly HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((each) => each.restartPolicy === "Always");
  return [...sidecars, ...(pod.spec?.containers ?? [])]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ hostIP, protocol, hostPort = 0 }) => ({
      address: hostIP || everywhere,
      protocol: protocol || "TCP",
      port: hostPort,
    }));
}

function collide(a: HostPort, b: HostPort): boolean {
  const addressesMeet = a.address === b.address || a.address === everywhere || b.address === everywhere;
  return a.port === b.port && a.protocol === b.protocol && addressesMeet;
}

const everywhere = "0.0.0.0";

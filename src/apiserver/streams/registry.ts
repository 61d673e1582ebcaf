import type { Clock, Logger } from "#base";
import type { Authorizer, StreamHandler } from "../ports.ts";
import { nodeProxy } from "./node-proxy.ts";
import { podLogs } from "./pod-logs.ts";
import { portForward } from "./port-forward.ts";
import { remoteCommand } from "./remote-command.ts";
import { tunnelEndpoint } from "./tunnel/tunnel-endpoint.ts";
import { Tunnels } from "./tunnel/tunnels.ts";

/** Every conversation that the server carries: the nodes' tunnels, and what runs through them. */
export function streamHandlers(options: {
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly logger: Logger;
}): readonly StreamHandler[] {
  const tunnels = new Tunnels(options);
  const through = { tunnels, authorizer: options.authorizer };
  return [
    tunnelEndpoint(tunnels),
    podLogs(tunnels),
    remoteCommand("exec", through),
    remoteCommand("attach", through),
    portForward(through),
    nodeProxy(tunnels),
  ];
}

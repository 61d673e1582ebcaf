import type { Duplex } from "node:stream";
import { badRequest } from "#base";
import type { Authorizer, StreamHandler, StreamRequest } from "../ports.ts";
import { refuseConversation, runConversation } from "./channel-conversation.ts";
import { containerOf, nodePath, podTarget } from "./pod-target.ts";
import { isPodSubresource, mustBeAllowedToCreate, upgradeRequired } from "./subresource.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";
import { acceptWebSocket, chosenProtocol } from "./web-socket.ts";

/** Newest first. v5 adds that stdin can end by itself. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** `pods/NAME/exec` and `pods/NAME/attach`: a conversation with a container over channels of a WebSocket (KEP-4006). */
export function remoteCommand(
  subresource: "exec" | "attach",
  options: { readonly tunnels: Tunnels; readonly authorizer: Authorizer },
): StreamHandler {
  const { tunnels, authorizer } = options;
  return {
    handles: (attributes) => isPodSubresource(attributes, subresource),
    serve: () => Promise.reject(upgradeRequired(subresource)),
    async upgrade(request: StreamRequest, socket: Duplex, head: Buffer) {
      mustBeAllowedToCreate(request, authorizer);
      const target = podTarget(request);
      const container = containerOf(target, request.query.get("container"));
      const query = commandQuery(request.query, subresource);
      const protocol = chosenProtocol(request, protocols);
      const gone = new AbortController();
      socket.once("close", () => gone.abort());
      const path = `${nodePath(subresource, target.namespace, target.name, container)}?${query}`;
      const asked = { method: "POST", path, signal: gone.signal } as const;
      const answer = await tunnels.request(target.node, asked).then(
        (stream) => ({ stream }),
        (refusal: unknown) => ({ refusal }),
      );
      const webSocket = await acceptWebSocket(request, socket, head, protocol);
      // kubectl shows what comes on the error channel; an answer to the handshake it would take for a missing feature.
      if ("refusal" in answer) refuseConversation(webSocket, answer.refusal);
      else runConversation({ ...answer, webSocket, node: target.node, greetOn: greetingChannel(query) });
    },
  };
}

function commandQuery(query: URLSearchParams, subresource: "exec" | "attach"): URLSearchParams {
  const passed = new URLSearchParams();
  const on = (name: string) => ["true", "1", ""].includes(query.get(name) ?? "false");
  const tty = on("tty");
  // A terminal has one output: what a program writes to stderr comes out on stdout.
  const channels = ["stdin", "stdout", ...(tty ? [] : ["stderr"])].filter(on);
  if (channels.length === 0) throw badRequest("you must specify at least one of stdin, stdout, stderr");
  for (const channel of channels) passed.set(channel, "true");
  if (tty) passed.set("tty", "true");
  if (subresource === "exec") {
    const command = query.getAll("command");
    if (command.length === 0) throw badRequest("you must specify at least one command for the container");
    for (const word of command) passed.append("command", word);
  }
  return passed;
}

/** Clients wait for an empty message on the lowest channel they read: it says that the conversation stands. */
function greetingChannel(query: URLSearchParams): number {
  if (query.has("stdout")) return 1;
  return query.has("stderr") ? 2 : 3;
}

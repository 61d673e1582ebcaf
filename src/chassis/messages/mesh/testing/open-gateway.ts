import { join } from "node:path";
import type { TestContext } from "node:test";
import { startProgram } from "#testing";
import type { GatewayProcessOptions } from "./gateway-process.ts";

/** A gateway in a process of its own. */
export interface OpenedGateway {
  /** Resolves when all its links stand. */
  standing(): Promise<void>;
  /** Resolves to the key of the message that it holds. */
  holding(): Promise<string>;
  kill(): Promise<void>;
}

export function openGateway(context: TestContext, options: GatewayProcessOptions): OpenedGateway {
  const program = join(import.meta.dirname, "gateway-process.ts");
  const { lines, kill } = startProgram(context, program, [JSON.stringify(options)]);
  const standing = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<string>();
  const links = new Set<string>();
  lines.on("line", (line) => {
    const [what, name = ""] = line.split(" ");
    if (what === "holding") holding.resolve(name);
    else links.add(name);
    if (links.size === options.neighbours.length) standing.resolve();
  });
  return { standing: () => standing.promise, holding: () => holding.promise, kill };
}

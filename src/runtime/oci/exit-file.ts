import type { RuntimeContext } from "./context.ts";
import { exits } from "./paths.ts";

/** Of a container whose end nobody saw: containerd's code too. */
export const unseenExitCode = 255;

/** The exit file: conmon writes it whole, under a temporary name first. */
export async function readExit(
  context: RuntimeContext,
  id: string,
): Promise<{ exitCode: number; finishedAt: number } | undefined> {
  const { host, paths } = context;
  const path = `${exits(paths)}/${id}`;
  const text = (await host.files.read(path))?.trim();
  if (!text) return undefined;
  const found = await host.files.stat(path);
  return { exitCode: Number(text), finishedAt: Math.round(found?.modifiedAt ?? context.clock.now()) };
}

import type { ServerHttp2Stream } from "node:http2";
import { channels, encodeFrame, FrameDecoder } from "#base";
import type { ExecSession } from "#runtime";
import { endSession } from "../containers/end-session.ts";
import { limits } from "../limits.ts";
import { failureStatus, type Status } from "./status.ts";

/**
 * Carries a command's streams over one HTTP/2 stream, as frames, until the command or the client ends. `outcome`: what the client is told
 * in the end.
 */
export async function carrySession(
  stream: ServerHttp2Stream,
  session: ExecSession,
  { outcome }: { readonly outcome: (exitCode: number) => Status },
): Promise<void> {
  // Whoever goes away takes the command along, also while it begins.
  if (stream.destroyed) return endSession(session);
  stream.once("close", () => endSession(session));
  stream.respond({ ":status": 200, "content-type": "application/vnd.nacre.frames" });
  stream.on("error", () => {});
  const input = pumpInput(stream, session);
  const outputs = [
    pump(session.stdout, channels.stdout, stream),
    pump(session.stderr, channels.stderr, stream),
  ];
  try {
    const exitCode = await session.exited;
    await Promise.all(outputs);
    finish(stream, JSON.stringify(outcome(exitCode)));
  } catch (error) {
    finish(stream, JSON.stringify(failureStatus(error)));
  }
  input.close();
}

function finish(stream: ServerHttp2Stream, status: string): void {
  if (stream.destroyed || stream.closed) return;
  stream.end(encodeFrame(channels.error, Buffer.from(status)));
}

/** Frames from the client: input, its end, terminal sizes. */
function pumpInput(stream: ServerHttp2Stream, session: ExecSession): { close(): void } {
  const decoder = new FrameDecoder(limits.frameBytes);
  const { stdin } = session;
  stdin?.on("error", () => {});
  const onData = (chunk: Buffer) => {
    let frames: ReturnType<FrameDecoder["push"]>;
    try {
      frames = decoder.push(chunk);
    } catch {
      stream.destroy();
      return;
    }
    for (const { channel, payload } of frames) {
      if (channel === channels.stdin && stdin?.writable && !stdin.write(payload)) {
        stream.pause();
        stdin.once("drain", () => stream.resume());
      } else if (channel === channels.resize) resize(session, payload);
      else if (channel === channels.close && payload[0] === channels.stdin) stdin?.end();
    }
  };
  stream.on("data", onData);
  stream.once("end", () => stdin?.end());
  return { close: () => stream.off("data", onData).resume() };
}

/** Resolves when the source has ended and everything was handed on. */
function pump(
  source: NodeJS.ReadableStream | undefined,
  channel: number,
  stream: ServerHttp2Stream,
): Promise<void> {
  if (!source) return Promise.resolve();
  return new Promise((resolve) => {
    source.on("data", (chunk: Buffer | string) => {
      if (stream.destroyed || stream.write(encodeFrame(channel, Buffer.from(chunk)))) return;
      source.pause();
      stream.once("drain", () => source.resume());
    });
    for (const event of ["end", "close", "error"]) source.once(event, () => resolve());
  });
}

function resize(session: ExecSession, payload: Uint8Array): void {
  try {
    const { Width, Height } = JSON.parse(Buffer.from(payload).toString("utf8")) as {
      Width?: number;
      Height?: number;
    };
    if (Width && Height) session.resize({ columns: Width, rows: Height });
  } catch {
    // A size that cannot be read changes nothing.
  }
}

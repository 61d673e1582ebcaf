import { connect, type Socket } from "node:net";
import { Duplex, type Readable, type Writable } from "node:stream";
import { badRequest, type Clock, unavailable } from "#base";
import type { Host } from "#host";
import { limits } from "../limits.ts";

export interface ForwardTarget {
  readonly host: Host;
  readonly clock: Clock;
  readonly port: number;
  /** The pod's address; the host's for a pod on its network. */
  readonly address: string;
  /** Undefined for a pod on the host's network. */
  readonly networkNamespace: string | undefined;
}

/**
 * Connects to a port of a pod: to its address when something listens there, else to the loopback inside its network
 * namespace, where `socat` carries the bytes. Throws when nothing listens at either.
 */
export async function dialPod(target: ForwardTarget): Promise<Duplex> {
  const { port, networkNamespace } = target;
  if (!(port > 0 && port < 65_536)) throw badRequest(`"${port}" is not a port`);
  try {
    return await dial(target, networkNamespace === undefined ? "127.0.0.1" : target.address);
  } catch (error) {
    if (networkNamespace === undefined) throw refused(port, error);
  }
  return dialInside(target, networkNamespace);
}

function dial({ clock, port }: ForwardTarget, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const timer = clock.setTimer(limits.portForwardConnectMs, () => socket.destroy(new Error("timed out")));
    socket.once("error", reject);
    socket.once("close", () => timer.cancel());
    socket.once("connect", () => {
      timer.cancel();
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** socat says on stderr when it is connected; what it is told to run is ours, never a user's command. */
async function dialInside({ host, clock, port }: ForwardTarget, networkNamespace: string): Promise<Duplex> {
  const target = `TCP:127.0.0.1:${port},connect-timeout=${limits.portForwardConnectMs / 1000}`;
  const program = host.spawn({
    program: "nsenter",
    arguments: [`--net=${networkNamespace}`, "socat", "-d", "-d", "-t", "3600", "-", target],
  });
  const { stdin, stdout, stderr } = program;
  if (!stdin || !stdout || !stderr) throw unavailable("socat was started without pipes");
  const said = await new Promise<string>((resolve) => {
    let text = "";
    const timer = clock.setTimer(limits.portForwardConnectMs, () => resolve(text));
    const done = () => {
      timer.cancel();
      resolve(text);
    };
    stderr.on("data", (chunk: Buffer) => {
      text += String(chunk).slice(0, 4096);
      if (text.includes("starting data transfer loop")) done();
    });
    void program.exited.then(done);
  });
  if (!said.includes("starting data transfer loop")) {
    program.signal("SIGKILL");
    throw refused(port, new Error(lastLine(said)));
  }
  stderr.removeAllListeners("data");
  stderr.resume();
  const carried = duplexOf(stdout as Readable, stdin as Writable);
  carried.once("close", () => program.signal("SIGTERM"));
  return carried;
}

/** The types know only of a pair that is one object already. */
function duplexOf(readable: Readable, writable: Writable): Duplex {
  return Duplex.from({ readable, writable } as unknown as NodeJS.ReadWriteStream);
}

function refused(port: number, cause: unknown) {
  return unavailable(
    `failed to connect to port ${port} inside the pod: nothing accepts connections there`,
    cause,
  );
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

import type { Host } from "#host";
import type { RuntimeVersion } from "../runtime.ts";
import { runtimeTimeoutMs } from "./limits.ts";

/** The OCI runtime: its program, and calls by its command line. */
export interface Engine {
  readonly program: string;
  readonly root: string;
  version(): Promise<RuntimeVersion>;
  start(id: string): Promise<void>;
  /** Creates and starts what needs nobody beside it: `bundle` gets `pidfile`, and `log` with the runtime's words when it fails. */
  run(id: string, bundle: string): Promise<void>;
  /** Removes what the runtime keeps of a container; kills what is left of it. Gone is fine. */
  delete(id: string): Promise<void>;
  update(id: string, resources: Record<string, unknown>): Promise<void>;
}

export function engine(host: Host, program: string, root: string): Engine {
  const call = (arguments_: readonly string[], input?: string) =>
    host.run({
      program,
      arguments: ["--root", root, ...arguments_],
      timeoutMs: runtimeTimeoutMs,
      ...(input === undefined ? {} : { input }),
    });
  let version: Promise<RuntimeVersion> | undefined;
  return {
    program,
    root,
    version: () => {
      version ??= host
        .run({ program, arguments: ["--version"] })
        .then(({ stdout }) => parseVersion(program, stdout));
      return version;
    },
    start: async (id) => {
      await call(["start", id]);
    },
    run: async (id, bundle) => {
      // It must not hold on to the pipes of whoever starts it.
      const detached = 'exec "$@" </dev/null >/dev/null 2>&1';
      const words = [program, "--root", root, "--log", `${bundle}/log`, "run", "--detach"];
      await host.run({
        program: "sh",
        arguments: [
          ...["-c", detached, "sh", ...words, "--bundle", bundle],
          ...["--pid-file", `${bundle}/pidfile`, id],
        ],
        timeoutMs: runtimeTimeoutMs,
      });
    },
    delete: async (id) => {
      await call(["delete", "--force", id]);
    },
    update: async (id, resources) => {
      // The line end makes it input for a kept shell, hence a pipe: crun opens /dev/stdin, which cannot be done to a socket.
      await call(["update", "--resources", "-", id], `${JSON.stringify(resources)}\n`);
    },
  };
}

/** `runc version 1.1.5+ds1`, `crun version 1.8.1`: the distribution's own suffix left out. */
function parseVersion(program: string, output: string): RuntimeVersion {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return { name, version: /version\s+v?(\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?)/.exec(output)?.[1] ?? "unknown" };
}

/** `crun` is twice as fast, and refuses a hybrid cgroup layout; `runc` runs everywhere. */
export async function chooseEngine(host: Host): Promise<string> {
  const { kind } = await host.cgroups.layout();
  if (kind === "v2" && (await runs(host, "crun"))) return programPath(host, "crun");
  return programPath(host, "runc");
}

/** conmon wants an absolute path. Throws `CommandError` with what to install when there is no such program. */
export async function programPath(host: Host, name: string): Promise<string> {
  if (name.startsWith("/")) return name;
  for (const directory of (process.env.PATH ?? "")
    .split(":")
    .concat("/usr/local/sbin", "/usr/sbin", "/sbin")) {
    const found = await host.files.realPath(`${directory}/${name}`);
    if (directory && found) return `${directory}/${name}`;
  }
  await host.run({ program: name, arguments: ["--version"] });
  return name;
}

async function runs(host: Host, program: string): Promise<boolean> {
  return host.run({ program, arguments: ["--version"] }).then(
    () => true,
    () => false,
  );
}

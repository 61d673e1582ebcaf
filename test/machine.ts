import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesTool } from "#testing";

const root = join(import.meta.dirname, "..");

/** What a program printed and how it ended. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** A non-zero exit is returned, not thrown. */
  readonly mayFail?: boolean;
}

/**
 * A machine of its own for one test file: a network namespace with nothing but loopback, so that no packet can leave,
 * a data directory and a kubeconfig. Programs run in it as they would on a bare machine.
 */
export interface TestMachine {
  readonly data: string;
  readonly clusterName: string;
  readonly namespace: string;
  /** A folder for the test's own files. */
  readonly directory: string;
  nacre(...args: string[]): Promise<Result>;
  kubectl(...args: string[]): Promise<Result>;
  kubectlWith(options: RunOptions, ...args: string[]): Promise<Result>;
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Result>;
  /** The command line that runs a program in this machine: for those that a test keeps running. */
  inside(
    program: string,
    args: readonly string[],
  ): { program: string; args: string[]; environment: NodeJS.ProcessEnv };
  /** Ends the cluster and the machine, whatever state they are in. */
  remove(): Promise<void>;
}

export async function createMachine(): Promise<TestMachine> {
  const id = `${process.pid.toString(36)}`;
  const namespace = `nacre-test-${id}`;
  const clusterName = `t${id}`;
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
  const data = join(directory, "data");
  await execute("ip", ["netns", "add", namespace]);
  await execute("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  const environment = {
    ...process.env,
    KUBECONFIG: join(directory, "kubeconfig"),
    HOME: directory,
    NACRE_DATA: data,
    NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
    KUBECTL_KUBERC: "false",
  };
  const inside = (program: string, args: readonly string[]) => ({
    program: "nsenter",
    args: [`--net=/run/netns/${namespace}`, program, ...args],
    environment,
  });
  const run = (program: string, args: readonly string[], options: RunOptions = {}) => {
    const command = inside(program, args);
    return execute(command.program, command.args, {
      ...options,
      environment: { ...environment, ...options.environment } as Record<string, string>,
    });
  };
  const nacre = (...args: string[]) => run("sh", [join(root, "bin/nacre"), ...args], { timeoutMs: 120_000 });
  const kubectlWith = async (options: RunOptions, ...args: string[]) =>
    run(await kubernetesTool("kubectl"), args, options);
  return {
    data,
    clusterName,
    namespace,
    directory,
    nacre,
    run,
    inside,
    kubectlWith,
    kubectl: (...args) => kubectlWith({}, ...args),
    async remove() {
      await run("sh", [join(root, "bin/nacre"), "down", "--purge", "--yes"], { mayFail: true });
      await execute("ip", ["netns", "delete", namespace], { mayFail: true });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Runs a program to its end. Throws with what it printed when it fails. */
export function execute(program: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: options.environment ?? process.env,
      timeout: options.timeoutMs ?? 60_000,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("close", (code, signal) => {
      const result = { code: code ?? -1, stdout, stderr };
      if (code === 0 || options.mayFail) resolve(result);
      else
        reject(new Error(`${program} ${args.join(" ")} ended with ${signal ?? code}:\n${stderr}${stdout}`));
    });
  });
}

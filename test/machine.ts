import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesTool } from "#testing";
import { execute, type Result, type Running, type RunOptions, start } from "./processes.ts";

/**
 * A machine of its own for one test file: a network namespace with nothing but loopback, so that no packet can leave,
 * a data directory and a kubeconfig. Programs run in it as they would on a bare machine.
 */
export interface TestMachine {
  readonly data: string;
  readonly clusterName: string;
  /** Name of the network namespace. */
  readonly namespace: string;
  /** A folder for the test's own files. */
  readonly directory: string;
  readonly kubeconfig: string;
  /** `nacre up`, under a name that no other machine's cluster has. */
  up(...args: string[]): Promise<Result>;
  nacre(...args: string[]): Promise<Result>;
  kubectl(...args: string[]): Promise<Result>;
  kubectlWith(options: RunOptions, ...args: string[]): Promise<Result>;
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Result>;
  /** Starts a program that goes on while the test does other things; `remove` ends it at the latest. */
  start(program: string, args: readonly string[]): Running;
  startKubectl(...args: string[]): Promise<Running>;
  /** Ends the cluster and the machine, whatever state they are in. */
  remove(): Promise<void>;
}

export async function createMachine(): Promise<TestMachine> {
  const id = `${process.pid.toString(36)}${(++made).toString(36)}`;
  const namespace = `nacre-test-${id}`;
  const clusterName = `t${id}`;
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
  const data = join(directory, "data");
  const kubeconfig = join(directory, "kubeconfig");
  await execute("ip", ["netns", "add", namespace]);
  await execute("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  const kubectlPath = await kubernetesTool("kubectl");
  const environment = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HOME: directory,
    NACRE_DATA: data,
    NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
    KUBECTL_KUBERC: "false",
  };
  const inside = (program: string, args: readonly string[]) =>
    ["nsenter", [`--net=/run/netns/${namespace}`, program, ...args]] as const;
  const running: Running[] = [];
  const run = (program: string, args: readonly string[], options: RunOptions = {}) =>
    execute(...inside(program, args), {
      ...options,
      environment: { ...environment, ...options.environment },
    });
  const nacre = (...args: string[]) =>
    run("sh", [join(root, "bin/nacre"), ...args], { timeoutMs: 120_000, mayFail: true });
  const machine: TestMachine = {
    data,
    clusterName,
    namespace,
    directory,
    kubeconfig,
    run,
    nacre: async (...args) => succeeded(await nacre(...args), `nacre ${args.join(" ")}`),
    up: (...args) => machine.nacre("up", "--yes", "--name", clusterName, ...args),
    kubectl: (...args) => run(kubectlPath, args),
    kubectlWith: (options, ...args) => run(kubectlPath, args, options),
    start(program, args) {
      const one = start(...inside(program, args), environment);
      running.push(one);
      return one;
    },
    startKubectl: async (...args) => machine.start(kubectlPath, args),
    async remove() {
      process.off("SIGTERM", interrupted);
      await Promise.all(running.map((one) => one.stop("SIGKILL")));
      const purged = await nacre("down", "--purge", "--yes");
      await execute("ip", ["netns", "delete", namespace], { mayFail: true });
      // What would not go is left to be looked at: its processes may still write there.
      if (purged.code !== 0) throw new Error(`cannot purge ${data}: ${purged.stderr}`);
      await rm(directory, { recursive: true, force: true });
    },
  };
  // The runner ends a file that takes too long with SIGTERM; its cluster must not outlive it.
  const interrupted = () => machine.remove().finally(() => process.exit(1));
  process.once("SIGTERM", interrupted);
  return machine;
}

const root = join(import.meta.dirname, "..");

/** Machines of this process, so that each has a name of its own. */
let made = 0;

function succeeded(result: Result, what: string): Result {
  if (result.code === 0) return result;
  throw new Error(`${what} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
}

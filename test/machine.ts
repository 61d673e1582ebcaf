import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesTool } from "#testing";
import { ended, execute, type Result, type Running, type RunOptions, start } from "./processes.ts";

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
  /** The command that runs a program on it: for those who start one in a way of their own. */
  inside(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]];
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Result>;
  /** Starts a program that goes on while the test does other things; `remove` ends it at the latest. */
  start(program: string, args: readonly string[]): Running;
  startKubectl(...args: string[]): Promise<Running>;
  /** Ends what runs on it, the cluster and the machine, whatever state they are in; once, however often it is called. */
  remove(): Promise<void>;
}

/**
 * A machine for one test file, which removes it. The runner ends a file that takes too long with SIGTERM, and a person all of
 * them with SIGINT: then the machine is removed too.
 */
export function createMachine(): Promise<TestMachine> {
  const making = makeMachine();
  const interrupted = () => making.then((machine) => machine.remove()).finally(() => process.exit(1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupted);
  return making;
}

/** A machine whose maker sees to it that it is removed. */
export async function makeMachine(): Promise<TestMachine> {
  const id = `${process.pid.toString(36)}${(++made).toString(36)}`;
  const namespace = `nacre-test-${id}`;
  const clusterName = `t${id}`;
  const kubectlPath = await kubernetesTool("kubectl");
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
  const data = join(directory, "data");
  const kubeconfig = join(directory, "kubeconfig");
  const leave = async () => {
    await execute("ip", ["netns", "delete", namespace], { mayFail: true });
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await execute("ip", ["netns", "add", namespace]);
    await execute("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  } catch (error) {
    await leave();
    throw error;
  }
  const environment = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HOME: directory,
    NACRE_DATA: data,
    NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
    KUBECTL_KUBERC: "false",
  };
  const inside: TestMachine["inside"] = (program, args) => [
    "nsenter",
    [`--net=/run/netns/${namespace}`, program, ...args],
  ];
  // What is interrupted is ended by `remove`, in its order.
  const begin = (program: string, args: readonly string[], variables: NodeJS.ProcessEnv = environment) =>
    start(...inside(program, args), { environment: variables, detached: true });
  const running: Running[] = [];
  /** Those that somebody waits for. */
  const awaited = new Set<Running>();
  const run = (program: string, args: readonly string[], options: RunOptions = {}) => {
    const one = begin(program, args, { ...environment, ...options.environment });
    awaited.add(one);
    return ended(one, options).finally(() => awaited.delete(one));
  };
  const nacre = (...args: string[]) =>
    run("sh", [join(root, "bin/nacre"), ...args], { timeoutMs: 120_000, mayFail: true });
  const machine: TestMachine = {
    data,
    clusterName,
    namespace,
    directory,
    kubeconfig,
    inside,
    run,
    nacre: async (...args) => succeeded(await nacre(...args), `nacre ${args.join(" ")}`),
    up: (...args) => machine.nacre("up", "--yes", "--name", clusterName, ...args),
    kubectl: (...args) => run(kubectlPath, args),
    kubectlWith: (options, ...args) => run(kubectlPath, args, options),
    start(program, args) {
      const one = begin(program, args);
      running.push(one);
      return one;
    },
    startKubectl: async (...args) => machine.start(kubectlPath, args),
    remove() {
      removed ??= remove();
      return removed;
    },
  };
  let removed: Promise<void> | undefined;
  const remove = async () => {
    await Promise.all(running.map((one) => one.stop("SIGKILL")));
    // As for a person who no longer waits: `up` takes back what it has begun, and would go on behind a purge.
    await Promise.allSettled([...awaited].map((one) => one.stop("SIGTERM")));
    const purged = await nacre("down", "--purge", "--yes");
    if (purged.code === 0) return leave();
    // What would not go is left to be looked at: its processes may still write there.
    await execute("ip", ["netns", "delete", namespace], { mayFail: true });
    throw new Error(`cannot purge ${data}: ${purged.stderr}`);
  };
  return machine;
}

const root = join(import.meta.dirname, "..");

/** Machines of this process, so that each has a name of its own. */
let made = 0;

function succeeded(result: Result, what: string): Result {
  if (result.code === 0) return result;
  throw new Error(`${what} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
}

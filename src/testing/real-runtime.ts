import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, silentLogger, systemClock } from "#base";
import { createHost, type Host } from "#host";
import {
  type ContainerRuntime,
  type ContainerSpec,
  type OpenedRuntime,
  openRuntime,
  type RuntimeOptions,
  removeRuntime,
  type SandboxSpec,
} from "#runtime";
import { containerId, containerSpec, podId, sandboxSpec } from "./runtime-contract.ts";
import { busyboxImage, lacksBusybox, ociArchive } from "./test-image.ts";

/** The real runtime in directories and a control group of its own, for one test file; `close` sees to it that nothing is left. */
export class RealRuntime {
  readonly host: Host;
  readonly directory: string;
  readonly logDirectory: string;
  readonly options: RuntimeOptions;
  /** Why these tests cannot run here, or false. */
  readonly skip: string | false;
  readonly #before: unknown;
  #opened: OpenedRuntime | undefined;
  #image: string | undefined;

  static async prepare(name: string): Promise<RealRuntime> {
    const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";
    return new RealRuntime(name, await mkdtemp(join(tmpdir(), `nacre-test-${name}-`)), skip);
  }

  private constructor(name: string, directory: string, skip: string | false) {
    this.host = createHost({ clock: systemClock, logger: silentLogger });
    this.directory = directory;
    this.logDirectory = join(directory, "logs");
    this.skip = skip;
    this.options = {
      host: this.host,
      stateDirectory: join(directory, "state"),
      runDirectory: join(directory, "run"),
      cgroupParent: `nacre-test-${name}-${process.pid}`,
    };
    this.#before = this.#traces();
  }

  /** Opened once; again after `stop`. */
  async open(): Promise<OpenedRuntime> {
    this.#opened ??= await openRuntime(this.options);
    return this.#opened;
  }

  /** As the end of the process that had it open. */
  async stop(): Promise<void> {
    await this.#opened?.close();
    this.#opened = undefined;
  }

  /** Id of a busybox image, `bb:1`, whose environment has `FROM=image`. */
  async image(): Promise<string> {
    if (this.#image !== undefined) return this.#image;
    const { images } = await this.open();
    const archive = join(this.directory, "busybox.tar");
    const image = await busyboxImage({ Env: ["PATH=/bin", "FROM=image"] });
    await writeFile(archive, await ociArchive([{ image, name: "bb:1" }]));
    this.#image = must((await images.importArchive(archive))[0], "the archive holds an image").id;
    return this.#image;
  }

  /** A container that is created but not started, in a pod of its own. */
  async container(
    script: string,
    changes: Partial<ContainerSpec> = {},
    pod: Partial<SandboxSpec> = {},
  ): Promise<{ runtime: ContainerRuntime; spec: ContainerSpec; sandboxId: string }> {
    const { runtime } = await this.open();
    const image = await this.image();
    const sandboxId = podId();
    await runtime.createSandbox(sandboxSpec(sandboxId, pod));
    const { logDirectory } = this;
    const spec = containerSpec({ id: containerId(), sandboxId, image, logDirectory, script }, changes);
    await runtime.createContainer(spec);
    return { runtime, spec, sandboxId };
  }

  async close(): Promise<void> {
    await this.stop();
    if (!this.skip) await removeRuntime(this.options);
    await rm(this.directory, { recursive: true });
    assert.deepEqual(this.#traces(), this.#before, "no process, mount or control group is left");
  }

  /** What this runtime could leave on the machine. */
  #traces(): unknown {
    const { directory } = this;
    const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    const groups = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .filter((line) => line.split(" ")[2]?.startsWith("cgroup"))
      .flatMap((line) => readdirSync(line.split(" ")[1] ?? ""));
    const commands = readdirSync("/proc").filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(directory);
      } catch {
        return false;
      }
    });
    return {
      mounts: mounts.filter((line) => line.includes(directory)),
      groups: groups.filter((name) => name === this.options.cgroupParent),
      commands,
    };
  }
}

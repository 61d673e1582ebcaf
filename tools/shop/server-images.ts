import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { must } from "#base";
import type { Host } from "#host";
import { busyboxImage, natsProgram, postgresPrograms, type TestFile, type TestImage } from "#testing";

/** The user that they run as: one without a name among a machine's own. */
const user = "65532:65532";

/** PostgreSQL of the distribution, with a shell to start it by. */
export async function postgresImage(host: Host): Promise<TestImage> {
  const bin = must(postgresPrograms(), "lacksPostgres was asked");
  const folder = dirname(bin);
  const programs = ["postgres", "initdb", "psql", "pg_isready"].map((name) => join(bin, name));
  // Without the compiler of queries, which is larger than all the rest.
  const extensions = filesBelow(`${folder}/lib`).filter((path) => /^(?!.*llvmjit).*\.so$/.test(path));
  const paths = [
    ...(await withLibraries(host, [...programs, ...extensions])),
    ...filesBelow(`/usr/share/postgresql/${basename(folder)}`),
    ...filesBelow("/usr/share/zoneinfo"),
  ];
  return serverImage({ paths, environment: [`PATH=${bin}:/bin`], stopSignal: "SIGINT" });
}

/** The nats-server of the distribution. */
export async function natsImage(host: Host): Promise<TestImage> {
  const program = must(natsProgram(), "lacksNats was asked");
  return serverImage({ paths: await withLibraries(host, [program]), entry: program, stopSignal: "SIGTERM" });
}

interface ServerFiles {
  readonly paths: readonly string[];
  readonly environment?: readonly string[];
  readonly entry?: string;
  readonly stopSignal: NodeJS.Signals;
}

async function serverImage({ paths, environment, entry, stopSignal }: ServerFiles): Promise<TestImage> {
  const files = [...new Set(paths)].sort().map(
    async (path): Promise<TestFile> => ({
      name: path.slice(1),
      content: await readFile(path),
      mode: 0o755,
    }),
  );
  const system: TestFile[] = [
    { name: "bin/mv", type: "symlink", target: "busybox" },
    { name: "etc/passwd", content: "root:x:0:0:root:/:/bin/sh\nserver:x:65532:65532:server:/:/bin/sh\n" },
  ];
  return busyboxImage(
    {
      User: user,
      StopSignal: stopSignal,
      ...(environment ? { Env: environment } : {}),
      ...(entry ? { Entrypoint: [entry] } : {}),
    },
    [system, await Promise.all(files)],
  );
}

/** The programs, and the libraries that they are linked with, under the names by which those are looked for. */
async function withLibraries(host: Host, programs: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await host.run({ program: "ldd", arguments: programs });
  const libraries = [...stdout.matchAll(/(?:=>\s+)?(\/\S+)\s+\(0x/g)].map(([, path]) => path as string);
  return [...programs, ...libraries];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

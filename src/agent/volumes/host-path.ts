import type { HostPathVolumeSource } from "#api";
import type { FileStatus, Host } from "#host";

/** Checks, and where the type says so makes, what a hostPath volume names. Throws in the kubelet's words. */
export async function setUpHostPath(host: Host, source: HostPathVolumeSource): Promise<string> {
  const { path } = source;
  const real = await host.files.realPath(path);
  const status = real === undefined ? undefined : await host.files.stat(real);
  switch (source.type ?? "") {
    case "":
      // Made as a directory when nothing is there, as container runtimes do for bind mounts.
      if (!status) await host.files.makeDirectory(path, { mode: 0o755 });
      return path;
    case "DirectoryOrCreate":
      if (!status) await host.files.makeDirectory(path, { mode: 0o755 });
      else expectKind(status, "directory", path, "directory");
      return path;
    case "FileOrCreate":
      if (!status) await host.files.write(path, "", { mode: 0o644 });
      else expectKind(status, "file", path, "file");
      return path;
    case "Directory":
      expectKind(status, "directory", path, "directory");
      return path;
    case "File":
      expectKind(status, "file", path, "file");
      return path;
    case "Socket":
      expectKind(status, "socket", path, "socket file");
      return path;
    case "CharDevice":
      expectKind(status, "character", path, "character device");
      return path;
    case "BlockDevice":
      expectKind(status, "block", path, "block device");
      return path;
    default:
      throw new Error(`${source.type} is an invalid volume type`);
  }
}

function expectKind(
  status: FileStatus | undefined,
  kind: FileStatus["kind"],
  path: string,
  words: string,
): asserts status is FileStatus {
  if (status?.kind !== kind) throw new Error(`hostPath type check failed: ${path} is not a ${words}`);
}

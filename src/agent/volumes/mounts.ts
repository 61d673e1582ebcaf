import type { Container, Pod, VolumeMount } from "#api";
import type { Files, Host } from "#host";
import type { ContainerMount } from "#runtime";
import { expand } from "../environment/expand.ts";
import { ContainerFault } from "../pods/fault.ts";

export interface MountSources {
  readonly host: Host;
  pathOf(volume: string): string | undefined;
  /** For `subPathExpr`. */
  variable(name: string): string | undefined;
}

/** The volume mounts of a container as bind mounts. Throws CreateContainerConfigError. */
export async function containerMounts(
  pod: Pod,
  container: Container,
  sources: MountSources,
): Promise<ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const root = sources.pathOf(mount.name);
    if (root === undefined) {
      throw fault(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    }
    const isReadOnly = pod.spec?.volumes?.some(
      (volume) =>
        volume.name === mount.name &&
        (volume.configMap ??
          volume.secret ??
          volume.projected ??
          volume.downwardAPI ??
          volume.persistentVolumeClaim?.readOnly),
    );
    mounts.push({
      hostPath: await withSubPath(root, mount, sources),
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: (mount.readOnly ?? false) || Boolean(isReadOnly),
      propagation: propagationOf(mount),
    });
  }
  // Outer directories first, so that nothing is mounted over.
  return mounts.sort((a, b) => (a.containerPath < b.containerPath ? -1 : 1));
}

async function withSubPath(root: string, mount: VolumeMount, sources: MountSources): Promise<string> {
  const subPath = mount.subPathExpr
    ? expand(mount.subPathExpr, (name) => sources.variable(name))
    : mount.subPath;
  if (!subPath) return root;
  if (subPath.startsWith("/") || subPath.split("/").includes("..")) {
    throw fault(`subPath "${subPath}" of volume "${mount.name}" must not leave the volume`);
  }
  const { files } = sources.host;
  const path = `${root}/${subPath}`;
  await makeBelow(files, root, subPath);
  const [realRoot, real] = await Promise.all([files.realPath(root), files.realPath(path)]);
  // A link inside the volume may have been put there by a container: it must not lead out of it.
  if (
    realRoot === undefined ||
    real === undefined ||
    !(real === realRoot || real.startsWith(`${realRoot}/`))
  ) {
    throw fault(
      `failed to prepare subPath for volumeMount "${mount.name}" of container: it leads out of the volume`,
    );
  }
  return real;
}

/** Directories on the way that are not there yet are like the volume itself: who may write it may write them. */
async function makeBelow(files: Files, root: string, subPath: string): Promise<void> {
  let path = root;
  for (const part of subPath.split("/").filter((name) => name !== "" && name !== ".")) {
    path += `/${part}`;
    if (await files.exists(path)) continue;
    const like = await files.stat((await files.realPath(root)) ?? root);
    await files.makeDirectory(path, { mode: 0o700 });
    if (!like) continue;
    await files.changeOwner(path, { group: like.group });
    // After the owner: changing that clears the bit by which a directory hands its group on.
    await files.changeMode(path, like.mode & 0o2777);
  }
}

function propagationOf(mount: VolumeMount): ContainerMount["propagation"] {
  if (mount.mountPropagation === "Bidirectional") return "rshared";
  return mount.mountPropagation === "HostToContainer" ? "rslave" : "private";
}

function fault(message: string): ContainerFault {
  return new ContainerFault("CreateContainerConfigError", message);
}

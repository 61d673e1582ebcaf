/**
 * Where everything is. What must survive a reboot is below the state directory; what a reboot ends (namespaces, mounts, bundles,
 * sockets) below the run directory, which is one private mount, so that nothing in it spreads into other mount namespaces.
 */
export interface RuntimePaths {
  readonly state: string;
  readonly run: string;
}

export const sandboxRecord = (paths: RuntimePaths, id: string): string =>
  `${paths.state}/sandboxes/${id}.json`;
/** Directory of a container's record and writable layer. */
export const containerState = (paths: RuntimePaths, id: string): string => `${paths.state}/containers/${id}`;
/** The upper directory of its overlay. */
export const writableLayer = (paths: RuntimePaths, id: string): string =>
  `${containerState(paths, id)}/upper`;
export const containerRecord = (paths: RuntimePaths, id: string): string =>
  `${containerState(paths, id)}/container.json`;

/** Namespace files and shared memory of a pod. */
export const sandboxRun = (paths: RuntimePaths, id: string): string => `${paths.run}/sandboxes/${id}`;
export const networkNamespace = (paths: RuntimePaths, id: string): string => `${sandboxRun(paths, id)}/net`;
/** PID namespace of a pod whose containers share one. */
export const processNamespace = (paths: RuntimePaths, id: string): string => `${sandboxRun(paths, id)}/pid`;
/** Bundle of the process that keeps it. */
export const pauseRun = (paths: RuntimePaths, id: string): string => `${sandboxRun(paths, id)}/pause`;
/** That process's root file system. Not in the run directory: programs on /run are often not to be executed. */
export const pauseRoot = (paths: RuntimePaths): string => `${paths.state}/pause`;
export const sharedMemory = (paths: RuntimePaths, id: string): string => `${sandboxRun(paths, id)}/shm`;

/** Bundle: config.json, rootfs, and conmon's pipes and sockets. */
export const bundle = (paths: RuntimePaths, id: string): string => `${paths.run}/containers/${id}`;
export const rootFilesystem = (paths: RuntimePaths, id: string): string => `${bundle(paths, id)}/rootfs`;
/** conmon writes a file named by the container here when it ends. */
export const exits = (paths: RuntimePaths): string => `${paths.run}/exits`;
/** The OCI runtime's own state. */
export const runtimeRoot = (paths: RuntimePaths): string => `${paths.run}/oci`;
/** FIFOs that nobody uses yet. */
export const fifoDirectory = (paths: RuntimePaths): string => `${paths.run}/fifos`;
/** Of commands that run in containers. */
export const execDirectory = (paths: RuntimePaths, name: string): string => `${paths.run}/exec/${name}`;

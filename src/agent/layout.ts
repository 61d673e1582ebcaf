/** Where the agent keeps what on disk. One tree of its own, and the logs where others may want to read them. */
export interface AgentDirectories {
  /** Pods' volumes, files and the checkpoint: `/var/lib/nacre/agent`. Mode 0700. */
  readonly state: string;
  /** What must not outlive a reboot or reach the disk, Secrets and tokens: `/run/nacre/agent`, on a tmpfs. */
  readonly memory: string;
  /** `/var/lib/nacre/logs/pods`: NAMESPACE_NAME_UID/CONTAINER/ATTEMPT.log, as below /var/log/pods. */
  readonly logs: string;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface Layout {
  readonly checkpoint: string;
  checkpointFile(uid: string): string;
  readonly pods: string;
  pod(uid: string): string;
  /** Of one kind of volumes, as the kubelet names it: `kubernetes.io~configmap`. */
  volume(uid: string, plugin: string, name: string): string;
  /** What is known of the volumes behind a pod's claims. */
  claims(uid: string): string;
  claimFile(uid: string, volume: string): string;
  /** Below it lie the directories that volumes of the built-in class are. They outlive pods. */
  readonly localVolumes: string;
  /** Seccomp profiles that pods name with `localhostProfile`. */
  readonly seccomp: string;
  readonly memoryPods: string;
  podMemory(uid: string): string;
  /** The same, kept in memory. */
  memoryVolume(uid: string, plugin: string, name: string): string;
  hostsFile(uid: string): string;
  resolvConf(uid: string): string;
  hostnameFile(uid: string): string;
  terminationMessage(uid: string, container: string, id: string): string;
  readonly logs: string;
  podLogs(pod: PodName): string;
  containerLogs(pod: PodName, container: string): string;
  logFile(pod: PodName, container: string, attempt: number): string;
}

export function layoutOf(directories: AgentDirectories): Layout {
  const pods = `${directories.state}/pods`;
  const checkpoint = `${directories.state}/checkpoint`;
  const podLogs = (pod: PodName) => `${directories.logs}/${pod.namespace}_${pod.name}_${pod.uid}`;
  return {
    checkpoint,
    checkpointFile: (uid) => `${checkpoint}/${uid}.json`,
    pods,
    pod: (uid) => `${pods}/${uid}`,
    volume: (uid, plugin, name) => `${pods}/${uid}/volumes/${plugin}/${name}`,
    claims: (uid) => `${pods}/${uid}/claims`,
    claimFile: (uid, volume) => `${pods}/${uid}/claims/${volume}.json`,
    localVolumes: `${directories.state}/persistent-volumes`,
    seccomp: `${directories.state}/seccomp`,
    memoryPods: `${directories.memory}/pods`,
    podMemory: (uid) => `${directories.memory}/pods/${uid}`,
    memoryVolume: (uid, plugin, name) => `${directories.memory}/pods/${uid}/volumes/${plugin}/${name}`,
    hostsFile: (uid) => `${pods}/${uid}/etc-hosts`,
    resolvConf: (uid) => `${pods}/${uid}/resolv.conf`,
    hostnameFile: (uid) => `${pods}/${uid}/hostname`,
    terminationMessage: (uid, container, id) => `${pods}/${uid}/containers/${container}/${id.slice(0, 12)}`,
    logs: directories.logs,
    podLogs,
    containerLogs: (pod, container) => `${podLogs(pod)}/${container}`,
    logFile: (pod, container, attempt) => `${podLogs(pod)}/${container}/${attempt}.log`,
  };
}

export function podNameOf(pod: { readonly metadata?: Partial<PodName> }): PodName {
  const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
  return { namespace, name, uid };
}

/** Every limit of the agent, with its reason. Figures are the kubelet's unless a reason says otherwise. */
export const limits = {
  /** Crash back-off of a container: the first restart is immediate, then 10 s, doubling. */
  crashBackOffInitialMs: 10_000,
  crashBackOffMaximumMs: 300_000,
  /** A run this long clears the back-off. */
  crashBackOffResetMs: 600_000,
  /** Image pull back-off. */
  pullBackOffInitialMs: 10_000,
  pullBackOffMaximumMs: 300_000,
  /** How long a failed pull is shown with its cause before it is shown as held back. */
  pullErrorShownMs: 1_000,
  /**
   * A pod that is about to run need not be reported as pending first, nor at each step on its way: one or two writes less per pod. The
   * kubelet, too, looks at its containers once a second.
   */
  pendingStatusDelayMs: 1_000,
  /** Volumes, sandboxes, creations and clean-ups that failed: soon again, then rarely. A changed object retries at once. */
  retryInitialMs: 500,
  retryMaximumMs: 60_000,
  /** Least time between a preStop hook's end and SIGKILL. */
  minimumGraceAfterHookMs: 2_000,
  /** A grace of zero still lets the process see SIGTERM. */
  minimumGraceMs: 1_000,
  defaultGraceSeconds: 30,
  /** A pod is asked to end once no service leads to it, or after this: whoever should say so may be away. */
  departureMs: 2_000,
  /** One termination message; a pod's containers share 12 KiB, which this and the API's own limit keep near. */
  terminationMessageBytes: 4096,
  /** `FallbackToLogsOnError`: the end of the log. */
  terminationLogBytes: 2048,
  terminationLogLines: 80,
  /** Node lease: renewed every quarter of its duration, so three losses are tolerated. */
  leaseDurationSeconds: 40,
  leaseRenewMs: 10_000,
  /** Node status is written when it changed, and at least this often. */
  nodeStatusMs: 300_000,
  /** Pods on one node: the API's common default; the range of addresses is the harder limit. */
  pods: 110,
  /** Kept for the system out of the machine: nothing else runs on a node of one to twenty machines. */
  reservedCpuMilli: 100,
  reservedMemoryBytes: 256 * 1024 * 1024,
  /** Below these the node reports pressure (kubelet's hard eviction thresholds). */
  memoryPressureBytes: 100 * 1024 * 1024,
  diskPressureFraction: 0.1,
  /** The kubelet's is 0.15, for a disk that has nothing but images; here they lie on the disk of the node. */
  inodePressureFraction: 0.05,
  imagePressureFraction: 0.1,
  pidPressureFraction: 0.05,
  /** An evicted pod has left by then, or the next one has to. */
  evictedLeaveMs: 30_000,
  /** A condition of pressure stays this long after its cause is gone, so it does not flap. */
  pressureTransitionMs: 300_000,
  /** How long the agent waits for the API's lists of pods and services before it goes by its own last known one. */
  firstListMs: 2_000,
  /** Images named in the node's status: the largest ones. */
  imagesInStatus: 50,
  imageNamesInStatus: 5,
  /** Images go when the disk is fuller than `high`, until it is below `low`; young ones stay. */
  imageHighFraction: 0.85,
  imageLowFraction: 0.8,
  imageMinimumAgeMs: 120_000,
  /** Pulls at the same time: two keep the link busy without starving the disk. */
  parallelPulls: 2,
  /** Container log files: size and number. */
  logBytes: 10 * 1024 * 1024,
  logFiles: 5,
  /** One read from a log file. */
  logChunkBytes: 64 * 1024,
  /** Status and deletion writes at the same time, over all pods. */
  statusWriters: 16,
  /** Status writes that failed. */
  statusRetryInitialMs: 200,
  statusRetryMaximumMs: 10_000,
  /** What a probe reads of an answer, and what of it goes into the event. */
  probeBodyBytes: 10 * 1024,
  probeMessageBytes: 1024,
  /** How long a command that has ended may still have output under way. */
  probeDrainMs: 500,
  /**
   * A container that has just started is looked at this often in its first second, each pause twice the last, and nothing counts but
   * success: most servers need a moment. The kubelet's first look comes up to a second after the start, too.
   */
  firstLookMs: 100,
  firstLooksUntilMs: 1_000,
  /** Service-account tokens are asked for again at 80 % of their life, or after a day. */
  tokenRefreshFraction: 0.8,
  tokenRefreshMaximumMs: 24 * 3600 * 1000,
  /** The tunnel: dial again. */
  tunnelRetryInitialMs: 100,
  tunnelRetryMaximumMs: 10_000,
  /** What may be on its way to us on one stream: a port-forward over a slow line should still fill it. */
  tunnelWindowBytes: 1024 * 1024,
  /** The same for all streams together. */
  tunnelConnectionWindowBytes: 16 * 1024 * 1024,
  /** What one tunnel may hold in memory: Node's 10 MB end a session over which a few logs stream. */
  tunnelMemoryMegabytes: 256,
  /** Connecting a port-forward: local, so anything longer hangs. */
  portForwardConnectMs: 5_000,
  /** One frame of an exec stream; longer payloads are cut into several. */
  frameBytes: 1024 * 1024,
  /**
   * Measuring what a pod takes of the disk, with the heartbeat (every 10 s, as often as the kubelet looks): how long at most, and how many
   * times as long it then rests. So a pod of millions of files takes a twentieth of one core, and no more.
   */
  storageMeasureMs: 30_000,
  storageMeasureRest: 20,
  /** Handing a volume over to a group walks through all that is in it. */
  ownershipMs: 600_000,
  /**
   * Processor time is told as a rate between two looks: so far apart that a hundredth of a second, the kernel's unit, is little of it, and
   * so near that it says what is used now, as the kubelet's ten seconds do.
   */
  statsWindowMinimumMs: 500,
  statsWindowMaximumMs: 10_000,
  /** Sandboxes made at the same time: more only wait for each other in the kernel. */
  parallelStarts: 8,
} as const;

/** Exponential from `initialMs`, doubling per failure, to `maximumMs`. */
export function backOffMs(failures: number, initialMs: number, maximumMs: number): number {
  return Math.min(maximumMs, initialMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
}

import type { Volume } from "#api";

/** A disk that a pod names itself, without a claim. */
export interface Disk {
  /** Equal for the same disk. */
  readonly key: string;
  readonly readOnly: boolean;
  /** Whether pods that only read may share it on one node. */
  readonly isSharedByReaders: boolean;
}

/** Only kinds of disks that cannot be mounted twice on a node. A disk of several monitors has a key for each. */
export function disksOf(volumes: readonly Volume[]): Disk[] {
  return volumes.flatMap(({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }): Disk[] => {
    if (gcePersistentDisk) {
      const { pdName, readOnly = false } = gcePersistentDisk;
      return [{ key: `gce/${pdName}`, readOnly, isSharedByReaders: true }];
    }
    if (awsElasticBlockStore) {
      const { volumeID, readOnly = false } = awsElasticBlockStore;
      return [{ key: `ebs/${volumeID}`, readOnly, isSharedByReaders: false }];
    }
    if (iscsi)
      return [{ key: `iscsi/${iscsi.iqn}`, readOnly: iscsi.readOnly ?? false, isSharedByReaders: true }];
    if (!rbd) return [];
    const { monitors, pool = "rbd", image, readOnly = false } = rbd;
    return monitors.map((monitor) => ({
      key: `rbd/${monitor}/${pool}/${image}`,
      readOnly,
      isSharedByReaders: true,
    }));
  });
}

/** Whether two pods with these cannot be on one node. */
export function conflict(a: Disk, b: Disk): boolean {
  return a.key === b.key && !(a.isSharedByReaders && a.readOnly && b.readOnly);
}

#!/bin/sh
# A machine whose process 1 is systemd, in namespaces of its own, over a copy-on-write view of this one's disk: nothing
# that happens in it reaches this machine, and no packet can leave. `systemctl reboot` in it boots it again, with what
# it wrote to disk and an empty /run. It ends with this process, and everything in it.
# usage: systemd-machine.sh ID DIRECTORY    (root; DIRECTORY is where its disk is mounted, in a mount namespace of ours)
set -eu
id=$1 directory=$2 stage=${3:-outside}
repository=$(dirname "$(dirname "$(readlink -f "$0")")")

# Its processes divide among themselves what our control group has. Version 1 has a group in a tree for each controller.
outside() {
  while IFS=: read -r _ controllers group; do
    case $controllers in
      '') tree=$(mounted_at cgroup2) ;;
      *) tree=/sys/fs/cgroup/${controllers#name=} ;;
    esac
    [ -f "$tree/cgroup.procs" ] || continue
    ours=$tree${group%/}/$id
    mkdir "$ours"
    for file in cpuset.cpus cpuset.mems; do
      [ "$controllers" != cpuset ] || cat "$tree$group/$file" >"$ours/$file"
    done
    echo $$ >"$ours/cgroup.procs"
  done </proc/self/cgroup
  exec unshare --mount --pid --fork --kill-child sh "$0" "$id" "$directory" disk
}

# The disk outlives a boot. Units that this machine has enabled are none of the new one's.
disk() {
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 disk "$directory"
  mkdir -p "$directory/changes/etc/systemd" "$directory/work" "$directory/data" "$directory/root"
  mount -t overlay -o "lowerdir=/,upperdir=$directory/changes,workdir=$directory/work" disk "$directory/root"
  find "$directory/root/etc/systemd/system" -mindepth 1 -delete
  mkdir -p "$directory/root/var/lib/nacre"
  while :; do
    unshare --cgroup --net --uts --ipc --mount --pid --fork --kill-child sh "$0" "$id" "$directory" boot || :
  done
}

boot() {
  root=$directory/root
  mount --rbind "$root" "$root"
  mount --bind "$directory/data" "$root/var/lib/nacre"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  for place in run tmp dev; do mount -t tmpfs -o mode=755 "$place" "$root/$place"; done
  chmod 1777 "$root/tmp"
  for device in null zero full random urandom tty fuse; do
    [ -e "/dev/$device" ] || continue
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs shm "$root/dev/shm"
  mkdir -p "$root$repository"
  mount --bind "$repository" "$root$repository"
  mount -o remount,bind,ro "$root$repository"
  control_groups "$root/sys/fs/cgroup"
  mount -o remount,bind,ro "$root/sys"
  ip link set lo up
  hostname "$id"
  cd "$root"
  mkdir -p old
  pivot_root . old
  umount -l old
  exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /usr/lib/systemd/systemd --unit=multi-user.target --log-target=journal --show-status=0 </dev/null
}

# The same hierarchies as on this machine, each from our group downwards, without what an earlier boot left there.
control_groups() {
  mounts=$(awk '$2 ~ "^/sys/fs/cgroup" && $3 ~ "^cgroup" { print $2, $3, $4 }' /proc/mounts)
  [ -f /sys/fs/cgroup/cgroup.procs ] || mount -t tmpfs -o mode=755 cgroup "$1"
  echo "$mounts" | while read -r point type options; do
    tree=$1${point#/sys/fs/cgroup}
    mkdir -p "$tree"
    case $type in
      cgroup2) mount -t cgroup2 cgroup2 "$tree" ;;
      *)
        # Of the options, those that name the hierarchy.
        kind=$(echo "$options" | tr , '\n' | grep -vE '^(rw|ro|nosuid|nodev|noexec|relatime|xattr|clone_children|release_agent=.*)$' | paste -sd, -)
        case $kind in name=*) kind=none,$kind ;; esac
        mount -t cgroup -o "$kind" cgroup "$tree"
        ;;
    esac
    find "$tree" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || :
  done
}

mounted_at() {
  awk -v type="$1" '$3 == type { print $2; exit }' /proc/mounts
}

$stage

#!/bin/sh
# A virtual machine whose control groups are version 2 alone and whose process 1 is systemd: a stock server, as far as
# containers can tell. Its disk is this machine's, read-only, under what it writes into its memory; it has no network
# device but loopback. The processor is emulated, so it is slow and needs no rights. Lines that are typed are run in it.
# usage: virtual-machine.sh outside DIRECTORY KERNEL    (the machine sees DIRECTORY; tools/prepare.sh unpacks a KERNEL)
set -eu

# Of the modules, those without which the disk cannot be reached, in the order of what needs what.
outside() {
  directory=$1 kernel=$2 first=$1/first
  repository=$(dirname "$(dirname "$(readlink -f "$0")")")
  mkdir -p "$first/bin"
  cp /bin/busybox "$first/bin/"
  ln -s busybox "$first/bin/sh"
  install -m 755 "$0" "$first/init"
  for module in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console \
    netfs fscache 9pnet 9pnet_virtio 9p overlay; do
    find "$kernel/lib/modules" -name "$module.ko" -exec cp {} "$first/" \;
    echo "/$module.ko" >>"$first/modules"
  done
  (cd "$first" && find . | busybox cpio -o -H newc 2>/dev/null) >"$directory/first.cpio"
  exec qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 4096 -nodefaults -no-reboot -display none -nic none \
    -kernel "$kernel"/boot/vmlinuz-* -initrd "$directory/first.cpio" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable clocksource=tsc -- disk $repository $kernel $directory" \
    -fsdev local,id=disk,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=disk,mount_tag=disk \
    -device virtio-serial-pci -chardev stdio,id=shell,signal=off -device virtserialport,chardev=shell \
    -serial "file:$directory/console"
}

# The kernel starts this as /init.
disk() {
  /bin/busybox --install -s /bin
  mkdir -p /disk /changes /root
  for module in $(cat /modules); do insmod "$module"; done
  mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose disk /disk
  mount -t tmpfs changes /changes
  mkdir /changes/upper /changes/work
  mount -t overlay -o lowerdir=/disk,upperdir=/changes/upper,workdir=/changes/work root /root
  exec switch_root /root /bin/sh "$1/test/virtual-machine.sh" boot "$@"
}

# An overlay cannot lie on another, so what containers are made of lies in memory too.
boot() {
  repository=$1 kernel=$2 directory=$3
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t devtmpfs dev /dev
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/disk "/var/lib/nacre" /lib/modules
  mount --bind / /run/disk
  mount -t tmpfs -o mode=1777 tmp /tmp
  mount -t tmpfs -o size=3g data /var/lib/nacre
  for path in "$repository" "$directory"; do
    mkdir -p "$path"
    mount --bind "/run/disk$path" "$path"
  done
  mount --bind "/run/disk$kernel/lib/modules" /lib/modules
  ln -sf /bin/busybox /sbin/modprobe
  # The kernel would ask for them one by one, and an emulated busybox reads all its lists each time.
  for module in overlay bridge veth nf_tables nft_chain_nat nft_ct nft_nat nft_numgen nft_masq nft_reject_ipv4; do
    modprobe "$module"
  done
  hostname virtual
  : >/etc/fstab
  find /etc/systemd/system -mindepth 1 -delete
  for unit in systemd-timesyncd.service systemd-sysusers.service ldconfig.service systemd-journal-catalog-update.service; do
    ln -s /dev/null "/etc/systemd/system/$unit"
  done
  cat >/etc/systemd/system/shell.service <<-END
	[Service]
	Environment=HOME=/root KUBECONFIG=/root/kubeconfig
	WorkingDirectory=$repository
	ExecStart=/bin/sh -c 'exec sh 0<>/dev/vport1p1 1>&0 2>&0'
	END
  exec env -i PATH="$PATH" /usr/lib/systemd/systemd --unit=shell.service --log-target=kmsg --show-status=0
}

"$@"

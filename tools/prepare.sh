#!/bin/sh
# Makes a Debian machine ready to test and measure: npm's packages, then the host packages that a node and its tests
# need ("prepare.sh packages": npm's alone; "prepare.sh long": and what the long tests need). Names what it installs
# before it does; what is there is left alone.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x node_modules/.bin/tsc ] || { [ -f node_modules/.installed-lock ] && ! cmp -s package-lock.json node_modules/.installed-lock; }; then
  echo "Installing npm packages into $PWD/node_modules" >&2
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.installed-lock
fi
sh bin/nacre version >/dev/null
[ "${1:-}" = packages ] && exit 0

missing=''
services=''
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need runc runc
need conmon conmon
need nft nftables
need conntrack conntrack
need ip iproute2
need nsenter util-linux
need socat socat
need unshare util-linux
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || services="$services postgresql"
PATH="$PATH:/usr/sbin" command -v nats-server >/dev/null 2>&1 || services="$services nats-server"
missing="$missing$services"
[ -x /bin/busybox ] && /bin/busybox --list 2>/dev/null | grep -q '^tar$' && ! ldd /bin/busybox >/dev/null 2>&1 || missing="$missing busybox-static"
[ "${1:-}" = long ] && need chromium chromium
[ "${1:-}$(uname -m)" = longx86_64 ] && virtual=yes || virtual=''
if [ "$virtual" ]; then
  need crun crun
  need qemu-system-x86_64 qemu-system-x86
fi

install_packages() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Integration tests need these packages; install them, and run as root:$missing" >&2
    exit 1
  fi
  echo "Installing host packages:$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  [ -z "$services" ] || keep_services_still
  # shellcheck disable=SC2086 # a list of words
  apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
    apt-get update >/dev/null
    apt-get install -y --no-install-recommends $missing >/dev/null
  }
  for service in $services; do systemctl disable "$service" >/dev/null 2>&1 || true; done
}

# Tests start servers of their own. Those that the packages would start, now and with the machine, are not asked for;
# one that was here already is left alone.
keep_services_still() {
  policy=/usr/sbin/policy-rc.d
  [ ! -e "$policy" ] || return 0
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
}

# A kernel for virtual machines is unpacked, not installed: of its modules those for containers, their networks and a
# shared disk. Without one, the tests that need it say so and are left out.
unpack_kernel() {
  cache=node_modules/.cache/nacre
  package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
  version=${package#linux-image-}
  [ -n "$version" ] || return 0
  echo "Unpacking $package into $PWD/$cache/linux" >&2
  rm -rf "$cache/linux.new"
  mkdir -p "$cache/linux.new"
  (cd "$cache/linux.new" && apt-get download "$package" >/dev/null 2>&1) || return 0
  modules=''
  for part in modules.order modules.builtin kernel/lib kernel/crypto kernel/arch/x86/crypto \
    kernel/fs/overlayfs kernel/fs/9p kernel/fs/netfs kernel/fs/fscache kernel/net/9p kernel/net/802 kernel/net/llc \
    kernel/net/bridge kernel/net/ipv4 kernel/net/ipv6 kernel/net/netfilter kernel/drivers/net/veth.ko \
    kernel/drivers/virtio kernel/drivers/char/virtio_console.ko; do
    modules="$modules ./lib/modules/$version/$part"
  done
  # shellcheck disable=SC2086 # a list of paths
  dpkg-deb --fsys-tarfile "$cache/linux.new/$package"_*.deb | tar -x -C "$cache/linux.new" "./boot/vmlinuz-$version" $modules
  rm "$cache/linux.new/$package"_*.deb
  busybox depmod -b "$PWD/$cache/linux.new" "$version"
  mv "$cache/linux.new" "$cache/linux"
}

[ -z "$missing" ] || install_packages
[ -z "$virtual" ] || [ -d node_modules/.cache/nacre/linux ] || unpack_kernel

#!/bin/sh
# Makes a Debian machine ready to test and measure: npm's packages, then the host packages that a node and its tests
# need ("prepare.sh packages": npm's alone). Names what it installs before it does; what is there is left alone.
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
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need runc runc
need conmon conmon
need nft nftables
need conntrack conntrack
need ip iproute2
need nsenter util-linux
need socat socat
need unshare util-linux
[ -x /bin/busybox ] && /bin/busybox --list 2>/dev/null | grep -q '^tar$' && ! ldd /bin/busybox >/dev/null 2>&1 || missing="$missing busybox-static"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Integration tests need these packages; install them, and run as root:$missing" >&2
  exit 1
fi
echo "Installing host packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
  apt-get update >/dev/null
  apt-get install -y --no-install-recommends $missing >/dev/null
}

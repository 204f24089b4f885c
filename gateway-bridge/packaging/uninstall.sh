#!/bin/sh
# Takes Gatehouse off this box. The data (cameras, passwords, keys, audit log) stay in /var/lib/gatehouse, unless you add --purge.
set -eu

root=${DESTDIR:-}
purge=
case "${1:-}" in
  '') ;;
  --purge) purge=yes ;;
  *)
    echo "usage: sudo sh uninstall.sh [--purge]" >&2
    exit 2
    ;;
esac
if [ -z "$root" ]; then
  [ "$(id -u)" = 0 ] || {
    echo "uninstall.sh: run it as root: sudo sh uninstall.sh" >&2
    exit 1
  }
  systemctl disable --now gatehouse-update.timer gatehouse.service 2>/dev/null || true
fi
for unit in gatehouse.service gatehouse-update.service gatehouse-update.timer; do rm -f "$root/etc/systemd/system/$unit"; done
rm -f "$root/usr/bin/gatehouse"

data="$root/var/lib/gatehouse"
if [ -n "$purge" ] && [ -d "$data" ]; then
  # Without its key the vault can be read by nobody, whatever a disk still holds of the rest.
  for key in "$data/vault.key" "$data/cli.json"; do
    if [ -f "$key" ]; then shred --remove "$key"; fi
  done
  rm -rf "$data"
fi
rm -rf "$root/usr/lib/gatehouse"
if [ -z "$root" ]; then
  systemctl daemon-reload
  if [ -n "$purge" ] && getent passwd gatehouse >/dev/null; then userdel gatehouse; fi
fi
if [ -d "$data" ]; then echo "Gatehouse is gone; its data are still in $data."; else echo "Gatehouse is gone."; fi

#!/bin/sh
# Takes Gatehouse off this box, gateway or relay. The data (cameras, passwords, keys, audit log) stay in /var/lib/gatehouse, a relay's in
# /var/lib/gatehouse-relay, unless you add --purge.
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
  systemctl disable --now gatehouse-relay.service 2>/dev/null || true
fi
for unit in gatehouse.service gatehouse-update.service gatehouse-update.timer gatehouse-relay.service; do
  rm -f "$root/etc/systemd/system/$unit"
done

kept=
for program in gatehouse gatehouse-relay; do
  rm -f "$root/usr/bin/$program"
  data="$root/var/lib/$program"
  if [ -n "$purge" ] && [ -d "$data" ]; then
    # Without its key the vault can be read by nobody, whatever a disk still holds of the rest.
    for key in "$data/vault.key" "$data/cli.json" "$data/operator.json"; do
      if [ -f "$key" ]; then shred --remove "$key"; fi
    done
    rm -rf "$data"
  fi
  if [ -d "$data" ]; then kept="$kept $data"; fi
done
rm -rf "$root/usr/lib/gatehouse"
if [ -z "$root" ]; then
  systemctl daemon-reload
  for user in gatehouse gatehouse-relay; do
    if [ -n "$purge" ] && getent passwd $user >/dev/null; then userdel $user; fi
  done
fi
if [ -n "$kept" ]; then echo "Gatehouse is gone; its data are still in$kept."; else echo "Gatehouse is gone."; fi

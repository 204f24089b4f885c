import { script } from "./release.ts";

/**
 * A `systemctl` for a box without systemd: it runs the gateway's unit as the unit says (its user, its state folder, its umask, what
 * comes before the start), as far as that needs no systemd, and notes how it was called in /var/log/systemctl.
 */
export const unitRunner = script([
  `unit=/etc/systemd/system/gatehouse.service pid=/run/unit.pid`,
  `echo "$*" >>/var/log/systemctl`,
  `value() { sed -n "s/^$1=//p" "$unit" | sed 's/^[-+]*//'; }`,
  // One that has ended stays in the list where the first process reaps none.
  `alive() { [ -s "$pid" ] && grep -q '^State:.[^Z]' "/proc/$(cat "$pid")/status" 2>/dev/null; }`,
  `start() {`,
  `  state=/var/lib/$(value StateDirectory)`,
  `  install -d -m "$(value StateDirectoryMode)" -o "$(value User)" -g "$(value Group)" "$state"`,
  `  env -i PATH="$PATH" "$(value Environment)" $(value ExecStartPre) >>/var/log/unit 2>&1`,
  `  umask "$(value UMask)"`,
  `  env -i PATH="$PATH" "$(value Environment)" setpriv --reuid "$(value User)" --regid "$(value Group)" --init-groups \\`,
  `    --no-new-privs --bounding-set=-all $(value ExecStart) >>/var/log/unit 2>&1 </dev/null &`,
  `  echo $! >"$pid"`,
  `}`,
  `case "$1" in`,
  `is-active) alive ;;`,
  `stop | disable) if alive; then kill "$(cat "$pid")"; while alive; do sleep 0.05; done; fi ;;`,
  `start | enable) alive || start ;;`,
  `esac`,
]);

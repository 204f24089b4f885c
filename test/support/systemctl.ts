import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "./eventually.ts";
import { script } from "./release.ts";

export interface SystemctlOptions {
  /** Where the program is put, for PATH. */
  readonly bin: string;
  readonly install: string;
  readonly data: string;
  /** What the unit gives the gateway as credentials. */
  readonly credentials: string;
}

/**
 * Puts a `systemctl` into a folder that starts and stops the installed gateway as the real one does with its unit: first
 * `update recover` by the proven version, then `up` by the current one. It notes the process in `<bin>/pid`.
 */
export const putSystemctl = async ({ bin, install, data, credentials }: SystemctlOptions): Promise<void> => {
  await mkdir(bin, { recursive: true });
  const pid = join(bin, "pid");
  const alive = `[ -s '${pid}' ] && state=$(sed -n 's/^State:.\\(.\\).*/\\1/p' "/proc/$(cat '${pid}')/status" 2>/dev/null) && [ "$state" != Z ] && [ -n "$state" ]`;
  const lines = [
    `alive() { ${alive}; }`,
    `case "$1" in`,
    `is-active) alive ;;`,
    `stop) alive || exit 0; kill -TERM "$(cat '${pid}')"; while alive; do sleep 0.05; done ;;`,
    `start)`,
    `  alive && exit 0`,
    `  '${install}/proven/bin/gatehouse' update recover --before-start --install '${install}' --data '${data}' >>'${bin}/log' 2>&1`,
    `  CREDENTIALS_DIRECTORY='${credentials}' '${install}/current/bin/gatehouse' up --data '${data}' >>'${bin}/log' 2>&1 </dev/null &`,
    `  echo $! >'${pid}' ;;`,
    `esac`,
  ];
  await writeFile(join(bin, "systemctl"), script(lines));
  await chmod(join(bin, "systemctl"), 0o755);
};

/** Not one that has ended and that nobody has asked about yet. */
const isAlive = (pid: number): boolean => {
  try {
    return /^State:\t[^ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
};

/** Ends what it has started. Resolves when that is gone. */
export const endGateway = async (bin: string): Promise<void> => {
  const pid = Number(await readFile(join(bin, "pid"), "utf8").catch(() => ""));
  if (pid === 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended before.
  }
  await eventually("the gateway's end", () => !isAlive(pid));
};

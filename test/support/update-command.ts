/** `update apply` and `update recover` on an installation in the tests' shape, as a program that can be killed at each of its steps. */
import { silentLogger, systemClock, type Cancellable } from "@gatehouse/shared";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { systemdService } from "../../gateway-bridge/src/update/gateway-service.ts";
import { Installation } from "../../gateway-bridge/src/update/installation.ts";
import { releaseSource } from "../../gateway-bridge/src/update/release-source.ts";
import { Updates } from "../../gateway-bridge/src/update/updates.ts";
import { Versions } from "../../gateway-bridge/src/update/versions.ts";
import { platform } from "./release.ts";

export const never: Cancellable = { signal: new AbortController().signal };

/** The folder holds `install`, `data`, `bin` with a systemctl, and `offered`. */
export const openUpdates = async (folder: string): Promise<Updates> => {
  const installation = await Installation.open(join(folder, "install"));
  const data = join(folder, "data");
  const searchPath = `${join(folder, "bin")}:/usr/bin:/bin`;
  const service = systemdService({ unit: "gatehouse.service", searchPath, clock: systemClock });
  const versions = new Versions({ installation, data, searchPath, clock: systemClock });
  const vaultLock = { locks: () => false, ask: async () => undefined };
  const parts = { installation, data, service, versions, vaultLock, platform };
  return Updates.open({ ...parts, clock: systemClock, log: silentLogger });
};

export const applyOffered = async (folder: string): Promise<string> => {
  using updates = await openUpdates(folder);
  await updates.recover({ beforeStart: false }, never);
  return await updates.apply(releaseSource(join(folder, "offered")), { again: true }, never);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // A version that does not work is refused: that is an end, too.
  await applyOffered(process.argv[2] ?? "").catch(() => undefined);
}

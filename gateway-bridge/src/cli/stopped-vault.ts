import { GatehouseError } from "@gatehouse/shared";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { Database } from "../store/database.ts";
import { InstanceLock } from "../store/instance-lock.ts";
import { removeLeftovers } from "../store/leftovers.ts";
import { finishPendingChange } from "../store/pending-change.ts";
import type { RootKeyPlace } from "../vault/rotation.ts";

/**
 * Works on the vault of a gateway that is stopped, and kept from being started meanwhile.
 * @throws GatehouseError `gateway-running`, `not-found` where there is no vault
 */
export const withStoppedVault = async <T>(
  data: string,
  work: (place: Omit<RootKeyPlace, "passphrase">) => Promise<T>,
): Promise<T> => {
  const keyFile = join(data, "vault.key");
  if (!existsSync(join(data, "gatehouse.db")) || !(existsSync(keyFile) || existsSync(join(data, "pending")))) {
    throw new GatehouseError("not-found", `There is no vault in ${data}.`, {
      remedy: "Name the gateway's data folder with --data; `gatehouse up` makes the vault.",
    });
  }
  using _lock = InstanceLock.open(join(data, "gateway.lock"));
  await finishPendingChange(data);
  await removeLeftovers(data);
  using database = Database.open(join(data, "gatehouse.db"));
  return await work({ database, keyFile });
};

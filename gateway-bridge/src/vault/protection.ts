import { GatehouseError } from "@gatehouse/shared";

import { noteDeed } from "../store/noted-deeds.ts";
import { writeRootKey, type Protection } from "./root-key.ts";
import { settleRootKey, type RootKeyPlace } from "./rotation.ts";

/**
 * Puts a passphrase on the vault's root key, or another, or, without `protection`, takes it off. The root key stays the same.
 * Nobody else may use the vault meanwhile.
 * @throws GatehouseError as `settleRootKey`
 */
export const protectRootKey = async (
  place: RootKeyPlace & { readonly now: number },
  protection: Protection | undefined,
): Promise<void> => {
  const { database, keyFile, now } = place;
  const settled = await settleRootKey(place);
  if (settled === undefined) throw new GatehouseError("vault-key-missing", `${keyFile} is gone`);
  try {
    const action = protection === undefined ? "vaultUnprotected" : "vaultProtected";
    noteDeed(database, { time: now, action, detail: "" });
    await writeRootKey(keyFile, settled.rootKey, protection);
  } finally {
    settled.rootKey.fill(0);
  }
};

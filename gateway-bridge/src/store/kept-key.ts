import { GatehouseError } from "@gatehouse/shared";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import type { SecretStore } from "../ports.ts";

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export type KeyKind = "P-256" | "Ed25519";

/**
 * The key that is kept under this name, made if there is none.
 * @throws GatehouseError `vault-corrupt` where one of another kind is kept there
 */
export const keptKey = (secrets: SecretStore, name: string, kind: KeyKind = "P-256"): KeyPair => {
  const known = secrets.get(name);
  if (known === undefined) {
    const made = makeKey(kind);
    const content = made.privateKey.export({ type: "pkcs8", format: "der" });
    secrets.put(name, content);
    content.fill(0);
    return made;
  }
  const privateKey = createPrivateKey({ key: known, type: "pkcs8", format: "der" });
  known.fill(0);
  if (privateKey.asymmetricKeyType !== keyTypes[kind]) {
    throw new GatehouseError("vault-corrupt", `the key ${name} is not one on ${kind}`);
  }
  return { privateKey, publicKey: createPublicKey(privateKey) };
};

const keyTypes = { "P-256": "ec", Ed25519: "ed25519" } as const;

const makeKey = (kind: KeyKind): KeyPair =>
  kind === "P-256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");

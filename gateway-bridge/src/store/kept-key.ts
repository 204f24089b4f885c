import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import type { SecretStore } from "../ports.ts";

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The key on P-256 that is kept under this name, made if there is none. */
export const keptKey = (secrets: SecretStore, name: string): KeyPair => {
  const known = secrets.get(name);
  if (known === undefined) {
    const made = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const content = made.privateKey.export({ type: "pkcs8", format: "der" });
    secrets.put(name, content);
    content.fill(0);
    return made;
  }
  const privateKey = createPrivateKey({ key: known, type: "pkcs8", format: "der" });
  known.fill(0);
  return { privateKey, publicKey: createPublicKey(privateKey) };
};

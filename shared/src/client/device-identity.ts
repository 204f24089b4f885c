import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

import { DeviceIdentity } from "../contract/remote.ts";
import { GatehouseError } from "../kernel/errors.ts";
import { readPrivateFile, writePrivateFile } from "../kernel/private-file.ts";

/** A new private key of a device: Ed25519, PKCS #8, PEM. */
export const makeDeviceKey = async (): Promise<string> => {
  const { privateKey } = await makeKeys("ed25519", {});
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
};

/**
 * The device's identity kept in a 0600 file, or undefined if there is none.
 * @throws GatehouseError `identity-damaged`, `file-permissions`
 */
export const loadDeviceIdentity = async (path: string): Promise<DeviceIdentity | undefined> => {
  const content = await readPrivateFile(path);
  if (content === undefined) return undefined;
  const parsed = DeviceIdentity.safeParse(parseJson(content));
  // The cause stays out: a JSON error quotes the text, which holds a private key.
  if (!parsed.success) throw new GatehouseError("identity-damaged", `${path} does not hold a device's identity`);
  return parsed.data;
};

/** Durable when it returns; readable by its owner only. */
export const saveDeviceIdentity = (path: string, identity: DeviceIdentity): Promise<void> =>
  writePrivateFile(path, `${JSON.stringify(DeviceIdentity.parse(identity), null, 2)}\n`);

const makeKeys = promisify(generateKeyPair);

const parseJson = (content: Buffer): unknown => {
  try {
    return JSON.parse(content.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

import { makeDeviceKey, readPrivateFile, writePrivateFile } from "@gatehouse/shared";
import { hash } from "node:crypto";
import { rm } from "node:fs/promises";
import { z } from "zod";

const PendingKey = z.strictObject({ pairing: z.string(), privateKey: z.string() });

/**
 * The key to pair with by this string: kept in a 0600 file from before the string is used, so that the same string can be tried again
 * where the answer was lost. With any other key the gateway would find it used.
 */
export const pendingKey = async (path: string, pairingString: string): Promise<string> => {
  // Of the string itself nothing is left behind.
  const pairing = hash("sha256", pairingString.trim(), "base64url");
  const before = PendingKey.safeParse(parseJson(await readPrivateFile(path)));
  if (before.success && before.data.pairing === pairing) return before.data.privateKey;
  const privateKey = await makeDeviceKey();
  await writePrivateFile(path, `${JSON.stringify({ pairing, privateKey } satisfies z.infer<typeof PendingKey>)}\n`);
  return privateKey;
};

export const forgetPendingKey = (path: string): Promise<void> => rm(path, { force: true });

const parseJson = (content: Buffer | undefined): unknown => {
  try {
    return content === undefined ? undefined : (JSON.parse(content.toString("utf8")) as unknown);
  } catch {
    return undefined;
  }
};

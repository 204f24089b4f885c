import { Identity } from "../contract/pairing.ts";
import { GatehouseError } from "../kernel/errors.ts";
import { readPrivateFile, writePrivateFile } from "../kernel/private-file.ts";

/**
 * The identity kept in a 0600 file, or undefined if there is none.
 * @throws GatehouseError `identity-damaged`, `file-permissions`
 */
export const loadIdentity = async (path: string): Promise<Identity | undefined> => {
  const content = await readPrivateFile(path);
  if (content === undefined) return undefined;
  const parsed = Identity.safeParse(parseJson(content));
  // The cause stays out: a JSON error quotes the text, which holds a private key.
  if (!parsed.success) throw new GatehouseError("identity-damaged", `${path} does not hold a client identity`);
  return parsed.data;
};

/** Durable when it returns; readable by its owner only. */
export const saveIdentity = (path: string, identity: Identity): Promise<void> =>
  writePrivateFile(path, `${JSON.stringify(Identity.parse(identity), null, 2)}\n`);

const parseJson = (content: Buffer): unknown => {
  try {
    return JSON.parse(content.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

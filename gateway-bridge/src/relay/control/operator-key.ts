import { GatehouseError, Name, readPrivateFile, RelayName, writePrivateFile } from "@gatehouse/shared";
import { generateKeyPairSync } from "node:crypto";
import { z } from "zod";

import { OperatorId } from "../operators/operator.ts";

/** What an operator holds: a key of its own, and what tells the relay from another. Kept in a 0600 file. */
export const OperatorKey = z.strictObject({
  version: z.literal(1),
  relay: RelayName,
  operator: OperatorId,
  name: Name,
  /** For the key, PEM; and the authority that the relay's control socket is known by. */
  certificate: z.string().max(8_192),
  authority: z.string().max(8_192),
  /** PKCS #8, PEM. */
  privateKey: z.string().max(1_024),
});
export type OperatorKey = z.infer<typeof OperatorKey>;

/** The token of a sign-in; in a 0600 file beside the key. */
export const SignInToken = z.strictObject({ token: z.string().max(128), expires: z.int() });
export type SignInToken = z.infer<typeof SignInToken>;

const tokenFile = (keyFile: string): string => `${keyFile}.signed-in`;

/** A key of an operator who is about to be added. */
export const makeOperatorKey = (): { readonly publicKey: string; readonly privateKey: string } => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
};

/** @throws GatehouseError `operator-unknown` where there is none, `identity-damaged`, `file-permissions` */
export const loadOperatorKey = async (path: string): Promise<OperatorKey> => {
  const content = await readPrivateFile(path);
  if (content === undefined) throw new GatehouseError("operator-unknown", `There is no operator's key at ${path}.`);
  const parsed = OperatorKey.safeParse(parseJson(content));
  if (parsed.success) return parsed.data;
  throw new GatehouseError("identity-damaged", `${path} does not hold an operator's key.`, {
    remedy: "Have another operator add you anew: `gatehouse-relay operator add`.",
  });
};

/** Durable when it returns; readable by its owner only. */
export const saveOperatorKey = (path: string, key: OperatorKey): Promise<void> =>
  writePrivateFile(path, `${JSON.stringify(OperatorKey.parse(key), null, 2)}\n`);

/** Undefined where nobody signed in with this key, and for a file that cannot be understood: signing in makes another. */
export const loadSignIn = async (keyFile: string): Promise<SignInToken | undefined> => {
  const content = await readPrivateFile(tokenFile(keyFile));
  return content && SignInToken.safeParse(parseJson(content)).data;
};

export const saveSignIn = (keyFile: string, signIn: SignInToken): Promise<void> =>
  writePrivateFile(tokenFile(keyFile), `${JSON.stringify(signIn)}\n`);

const parseJson = (content: Buffer): unknown => {
  try {
    return JSON.parse(content.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

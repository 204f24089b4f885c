import {
  Action,
  isGatehouseError,
  loadIdentity,
  saveIdentity,
  spkiPin,
  type Cancellable,
  type Grant,
  type Identity,
  type Principal,
} from "@gatehouse/shared";
import { createPublicKey, generateKeyPairSync } from "node:crypto";

import { spkiOf, type GatewayIdentity } from "./gateway-identity.ts";
import type { Principals } from "./principals.ts";

export interface OwnerOptions {
  readonly principals: Principals;
  readonly identity: GatewayIdentity;
  /** Where the command line finds its identity; 0600. */
  readonly file: string;
  /** `host:port` that the gateway listens on now. */
  readonly address: string;
}

const name = "Command line";

/**
 * The command line is a paired client like any other; what makes it the owner's is that only the owner can read its file.
 * Sees to it that the file holds a living identity and the current address; where it does not, makes another and revokes the
 * one before.
 * @throws GatehouseError `file-permissions`
 */
export const ensureOwner = async (options: OwnerOptions, { signal }: Cancellable): Promise<Identity> => {
  const { principals, file, address } = options;
  const found = await loadAny(file);
  signal.throwIfAborted();
  if (found !== undefined && isAlive(found, options)) {
    const current: Identity = { ...found, address };
    if (found.address !== address) await saveIdentity(file, current);
    return current;
  }
  for (const principal of principals.list()) if (isCommandLine(principal)) principals.revoke(principal.id);
  // The principal first: a crash in between leaves one that nobody has the key of, and the next start revokes it.
  const made = makeIdentity(options);
  await saveIdentity(file, made);
  return made;
};

const isCommandLine = (principal: Principal): boolean =>
  principal.kind === "owner" && principal.name === name && principal.revoked === null;

/** Whether this gateway would let the file's key in as the command line. */
const isAlive = (found: Identity, { principals, identity }: OwnerOptions): boolean => {
  if (found.gatewayPin !== identity.pin) return false;
  const principal = principals.byPin(pinOf(found.privateKey));
  return principal !== undefined && isCommandLine(principal) && holdsAll(principal);
};

/** A newer gateway knows more actions than the one that made the identity. */
const holdsAll = ({ grants }: Principal): boolean =>
  Action.options.every((action) => grants.some((grant) => grant.action === action && grant.camera === "*"));

/** Empty for what is no key: nobody has that pin. */
const pinOf = (privateKey: string): string => {
  try {
    return spkiPin(spkiOf(createPublicKey(privateKey)));
  } catch {
    return "";
  }
};

const makeIdentity = ({ principals, identity, address }: OwnerOptions): Identity => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = spkiOf(keys.publicKey);
  const grants = Action.options.map((action): Grant => ({ action, camera: "*" }));
  const { id: principal } = principals.create({ name, kind: "owner", grants, pin: spkiPin(publicKey) });
  return {
    version: 1,
    address,
    gatewayPin: identity.pin,
    gatewayId: identity.id,
    principal,
    certificate: identity.issue({ publicKey, principal }),
    privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
};

/** A damaged file is taken for none: its content can be made again at any time. */
const loadAny = async (file: string): Promise<Identity | undefined> => {
  try {
    return await loadIdentity(file);
  } catch (error) {
    if (isGatehouseError(error) && error.code === "identity-damaged") return undefined;
    throw error;
  }
};

import { GatehouseError } from "@gatehouse/shared";
import { createPublicKey, type JsonWebKey } from "node:crypto";

/** COSE algorithms that passkeys are made for, the one liked best first: EdDSA, ES256, RS256. RFC 9053, RFC 8812 */
export const passkeyAlgorithms: readonly number[] = [-8, -7, -257];

/** Labels of COSE_Key and its values. RFC 9052 7.1, RFC 9053 7, RFC 8230 4 */
const label = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const;
const kty = { okp: 1, ec2: 2, rsa: 3 } as const;
const crv = { p256: 1, ed25519: 6 } as const;

const leastRsaBits = 2_048;

/**
 * Holds a public key against its algorithm: of the right kind, whole, and on its curve. A CBOR reader that gives fewer bytes than were
 * announced, as ours does, would keep a key of which nobody has the other half.
 * @throws GatehouseError `passkey-refused`
 */
export const assertPasskeyKey = (key: ReadonlyMap<number, unknown>): void => {
  try {
    const { asymmetricKeyDetails: details } = createPublicKey({ format: "jwk", key: toJwk(key) });
    if ((details?.modulusLength ?? leastRsaBits) >= leastRsaBits) return;
  } catch (cause) {
    throw new GatehouseError("passkey-refused", "the passkey's public key is none", { cause });
  }
  throw new GatehouseError("passkey-refused", "the passkey's public key is too short");
};

/** @throws TypeError for anything else than the three that are asked for */
const toJwk = (key: ReadonlyMap<number, unknown>): JsonWebKey => {
  const shape = [key.get(label.alg), key.get(label.kty)].join(" ");
  const bytes = (at: number, length?: number): string => {
    const value = key.get(at);
    if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
      throw new TypeError(`the key's label ${at} is not what its algorithm needs`);
    }
    return Buffer.from(value).toString("base64url");
  };
  if (shape === `-8 ${kty.okp}` && key.get(label.crv) === crv.ed25519) {
    return { kty: "OKP", crv: "Ed25519", x: bytes(label.x, 32) };
  }
  if (shape === `-7 ${kty.ec2}` && key.get(label.crv) === crv.p256) {
    return { kty: "EC", crv: "P-256", x: bytes(label.x, 32), y: bytes(label.y, 32) };
  }
  if (shape === `-257 ${kty.rsa}`) return { kty: "RSA", n: bytes(label.n), e: bytes(label.e, 3) };
  throw new TypeError(`a key of algorithm and type ${shape} was not asked for`);
};

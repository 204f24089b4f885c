import { createCipheriv, randomBytes } from "node:crypto";

import { GatehouseError } from "@gatehouse/shared";

/** What AES_CM_128_HMAC_SHA1_80 is keyed with: 16 and 14 bytes. RFC 3711 8.2 */
export interface SrtpMaster {
  readonly key: Buffer;
  readonly salt: Buffer;
}

/** Keys of one direction's packets, drawn from a master. */
export interface SrtpSessionKeys {
  readonly key: Buffer;
  readonly salt: Buffer;
  readonly authentication: Buffer;
}

/** Bytes of the tag at the end of every packet. */
export const srtpTagSize = 10;

const keySize = 16;
const saltSize = 14;
const authenticationSize = 20;

export const drawSrtpMaster = (): SrtpMaster => ({ key: randomBytes(keySize), salt: randomBytes(saltSize) });

// RFC 3711 4.3.1, with a key derivation rate of 0: the label is the only thing that differs.
const derive = ({ key, salt }: SrtpMaster, label: number, size: number): Buffer => {
  const iv = Buffer.alloc(keySize);
  salt.copy(iv);
  iv.writeUInt8(iv.readUInt8(7) ^ label, 7);
  return createCipheriv("aes-128-ctr", key, iv).update(Buffer.alloc(size));
};

const deriveFrom = (master: SrtpMaster, firstLabel: number): SrtpSessionKeys => {
  if (master.key.length !== keySize || master.salt.length !== saltSize) {
    throw new GatehouseError(
      "request-invalid",
      "The SRTP key or salt has the wrong length: 16 and 14 bytes are needed.",
    );
  }
  return {
    key: derive(master, firstLabel, keySize),
    authentication: derive(master, firstLabel + 1, authenticationSize),
    salt: derive(master, firstLabel + 2, saltSize),
  };
};

/** @throws GatehouseError `request-invalid` for a master of the wrong size */
export const deriveSrtpKeys = (master: SrtpMaster): SrtpSessionKeys => deriveFrom(master, 0);

/** @throws GatehouseError `request-invalid` for a master of the wrong size */
export const deriveSrtcpKeys = (master: SrtpMaster): SrtpSessionKeys => deriveFrom(master, 3);

import { GatehouseError } from "@gatehouse/shared";

import type { SrtpMaster } from "../srtp/srtp-key.ts";
import { srtpParameters, type MikeyKey, type MikeyMessage } from "./mikey-message.ts";

/** How one side encrypts what it sends: AES_CM_128 with HMAC_SHA1. */
export interface SrtpOffer {
  readonly master: SrtpMaster;
  /** In every packet before its tag; mostly empty. RFC 3711 3.1 */
  readonly mki: Buffer;
  /** Bytes of the tag of SRTP packets; those of SRTCP have ten always. */
  readonly tagSize: 4 | 10;
  /** Rollover counter of each source that was named. */
  readonly sources: ReadonlyMap<number, number>;
}

const keySize = 16;
const saltSize = 14;

const unknown = (what: string): GatehouseError =>
  new GatehouseError(
    "camera-fault",
    `the camera encrypts its stream in a way that the gateway does not know: ${what}`,
    {
      remedy:
        "Choose AES_CM_128_HMAC_SHA1_80 in the camera, or switch SRTP off: inside RTSPS its stream is encrypted, too.",
    },
  );

/** @throws GatehouseError `camera-fault` for anything but AES_CM_128 with HMAC_SHA1_80 or _32 */
export const readSrtpOffer = ({ sessions, policies, keys }: MikeyMessage): SrtpOffer => {
  const [first] = sessions;
  const policy = policies.get(first?.policy ?? 0) ?? [...policies.values()][0] ?? new Map<number, Buffer>();
  const [key] = keys;
  if (key === undefined) throw unknown("it sends no key");
  return {
    master: masterOf(key),
    mki: key.mki,
    tagSize: tagSizeOf(policy),
    sources: new Map(sessions.map(({ ssrc, rollover }) => [ssrc, rollover])),
  };
};

/** GStreamer and others put the salt behind the key, as one. */
const masterOf = ({ kind, key, salt }: MikeyKey): SrtpMaster => {
  if (kind !== "tek") throw unknown("its key is one to draw others from");
  const whole = Buffer.concat([key, salt]);
  if (whole.length !== keySize + saltSize) throw unknown(`its key has ${whole.length} bytes`);
  return { key: whole.subarray(0, keySize), salt: whole.subarray(keySize) };
};

/** What SRTP has where a policy is silent. RFC 3711 8.2 */
const expected: readonly (readonly [type: number, value: number, what: string])[] = [
  [srtpParameters.encryption, 1, "its cipher"],
  [srtpParameters.encryptionKeyLength, keySize, "the length of its key"],
  [srtpParameters.authentication, 1, "its authentication"],
  [srtpParameters.saltLength, saltSize, "the length of its salt"],
  [srtpParameters.prf, 0, "how it draws keys"],
  [srtpParameters.derivationRate, 0, "how often it draws keys"],
  [srtpParameters.encrypts, 1, "packets in the clear"],
  [srtpParameters.authenticates, 1, "packets that anybody could have sent"],
];

const tagSizeOf = (policy: ReadonlyMap<number, Buffer>): 4 | 10 => {
  const number = (type: number): number | undefined => {
    const value = policy.get(type);
    return value && [...value].reduce((total, byte) => total * 256 + byte, 0);
  };
  for (const [type, value, what] of expected) if ((number(type) ?? value) !== value) throw unknown(what);
  // GStreamer 1.22 writes the length of the tag as that of the key.
  const keyLength = number(srtpParameters.authenticationKeyLength);
  const size = number(srtpParameters.tagLength) ?? (keyLength === 4 ? 4 : 10);
  if (size !== 4 && size !== 10) throw unknown("the length of its tags");
  return size;
};

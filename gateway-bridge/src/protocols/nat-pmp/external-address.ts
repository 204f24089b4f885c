/**
 * Whether a router offers NAT-PMP, by the one question of RFC 6886 that changes nothing there. No other can be put by this program.
 */
export type NatPmpAnswer =
  /** @param address its outside address; null where it has none, such as without internet */
  | { readonly kind: "on"; readonly address: string | null }
  /** It knows NAT-PMP, and its owner switched it off. */
  | { readonly kind: "off" };

export const natPmpPort = 5351;

/** RFC 6886 3.2: version 0, opcode 0. */
export const externalAddressRequest = (): Buffer => Buffer.from([0, 0]);

const answerOpcode = 128;
/** RFC 6886 3.5 */
const results = { success: 0, unsupportedVersion: 1, refused: 2, unsupportedOpcode: 5 } as const;

/** Undefined for what is no answer to that question. Longer ones are read as far as they are known. */
export const readExternalAddress = (datagram: Buffer): NatPmpAnswer | undefined => {
  if (datagram.length < 4 || datagram[0] !== 0 || datagram[1] !== answerOpcode) return undefined;
  const result = datagram.readUInt16BE(2);
  if (result === results.refused) return { kind: "off" };
  if (result === results.unsupportedVersion || result === results.unsupportedOpcode) return undefined;
  if (result !== results.success || datagram.length < 12) return { kind: "on", address: null };
  const address = [...datagram.subarray(8, 12)].join(".");
  return { kind: "on", address: address === "0.0.0.0" ? null : address };
};

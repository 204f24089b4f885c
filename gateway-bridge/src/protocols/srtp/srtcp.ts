import { GatehouseError } from "@gatehouse/shared";

import { applyKeystream, tagMatches, tagOf } from "./packet-crypto.ts";
import { ReplayWindow } from "./replay-window.ts";
import { deriveSrtcpKeys, srtpTagSize, type SrtpMaster, type SrtpSessionKeys } from "./srtp-key.ts";

/** The first header and its SSRC stay readable. RFC 3711 3.4 */
const clearSize = 8;
const indexSize = 4;
/** Says in the index word that the content is enciphered. */
const encryptedFlag = 0x80_00_00_00;
/** Under one key no index may come twice. RFC 3711 3.4, 9.2 */
const maxPackets = 2 ** 31;
/** Distinct sources heard under one key; only authentic packets count. */
const maxSources = 16;

export class SrtcpEncryptor {
  readonly #keys: SrtpSessionKeys;
  readonly #mki: Buffer;
  #index: number;

  /**
   * @param firstIndex 0, unless the key was used before
   * @param mki the master key's identifier, to be in every packet. RFC 3711 3.4
   */
  constructor(master: SrtpMaster, firstIndex = 0, mki: Buffer = Buffer.alloc(0)) {
    this.#keys = deriveSrtcpKeys(master);
    this.#index = firstIndex;
    this.#mki = mki;
  }

  /**
   * Enciphers a compound packet.
   * @throws GatehouseError `srtp-key-exhausted` after 2^31 packets
   */
  protect(rtcp: Buffer): Buffer {
    if (rtcp.length < clearSize) throw new RangeError("An RTCP packet has at least 8 bytes.");
    if (this.#index >= maxPackets) {
      throw new GatehouseError("srtp-key-exhausted", "The session's key has enciphered as many reports as is safe.");
    }
    const position = { ssrc: rtcp.readUInt32BE(4), index: this.#index };
    const trailer = Buffer.allocUnsafe(indexSize);
    trailer.writeUInt32BE(encryptedFlag + this.#index);
    this.#index += 1;
    const content = applyKeystream(this.#keys, position, rtcp.subarray(clearSize));
    const packet = [rtcp.subarray(0, clearSize), content, trailer];
    return Buffer.concat([...packet, this.#mki, tagOf(this.#keys, ...packet)]);
  }
}

export class SrtcpDecryptor {
  readonly #keys: SrtpSessionKeys;
  readonly #mki: Buffer;
  readonly #windows = new Map<number, ReplayWindow>();

  /** @param mki the master key's identifier, which every packet then carries. RFC 3711 3.4 */
  constructor(master: SrtpMaster, mki: Buffer = Buffer.alloc(0)) {
    this.#keys = deriveSrtcpKeys(master);
    this.#mki = mki;
  }

  /** The compound packet; undefined for one that is malformed, not authentic or seen before. Never throws. */
  unprotect(bytes: Buffer): Buffer | undefined {
    const tagAt = bytes.length - srtpTagSize;
    const end = tagAt - this.#mki.length;
    const indexAt = end - indexSize;
    if (indexAt < clearSize || bytes.readUInt8(0) >> 6 !== 2) return undefined;
    if (!bytes.subarray(end, tagAt).equals(this.#mki)) return undefined;
    if (!tagMatches(bytes.subarray(tagAt), tagOf(this.#keys, bytes.subarray(0, end)))) return undefined;
    const ssrc = bytes.readUInt32BE(4);
    const word = bytes.readUInt32BE(indexAt);
    const index = word % encryptedFlag;
    const window = this.#windows.get(ssrc) ?? new ReplayWindow();
    if (!window.accepts(index) || (!this.#windows.has(ssrc) && this.#windows.size >= maxSources)) return undefined;
    window.add(index);
    this.#windows.set(ssrc, window);
    const content = bytes.subarray(clearSize, indexAt);
    const plain = word >= encryptedFlag ? applyKeystream(this.#keys, { ssrc, index }, content) : content;
    return Buffer.concat([bytes.subarray(0, clearSize), plain]);
  }
}

import { rtpPayloadOffset } from "../rtp/rtp-packet.ts";
import { nearestTo } from "../rtp/unwrap.ts";
import { applyKeystream, tagMatches, tagOf } from "./packet-crypto.ts";
import { ReplayWindow } from "./replay-window.ts";
import { deriveSrtpKeys, srtpTagSize, type SrtpMaster, type SrtpSessionKeys } from "./srtp-key.ts";

const maxIndex = 2 ** 48;
/** Distinct sources heard under one key; only authentic packets count. */
const maxSources = 16;

/** Opens SRTP packets of AES_CM_128_HMAC_SHA1_80. Each source must be heard from before its sequence number first wraps. */
export class SrtpDecryptor {
  readonly #keys: SrtpSessionKeys;
  readonly #windows = new Map<number, ReplayWindow>();

  constructor(master: SrtpMaster) {
    this.#keys = deriveSrtpKeys(master);
  }

  /** The RTP packet; undefined for one that is malformed, not authentic or seen before. Never throws. */
  unprotect(bytes: Buffer): Buffer | undefined {
    const end = bytes.length - srtpTagSize;
    const packet = bytes.subarray(0, Math.max(0, end));
    const payloadAt = rtpPayloadOffset(packet);
    if (payloadAt === undefined) return undefined;
    const ssrc = packet.readUInt32BE(8);
    const window = this.#windows.get(ssrc) ?? new ReplayWindow();
    const sequence = packet.readUInt16BE(2);
    // RFC 3711 3.3.1: the rollover counter is not sent; the index is the one nearest to the highest seen.
    const index = window.highest < 0 ? sequence : nearestTo(window.highest, sequence, 2 ** 16);
    if (index >= maxIndex || !window.accepts(index)) return undefined;
    const rollover = Buffer.allocUnsafe(4);
    rollover.writeUInt32BE(Math.floor(index / 2 ** 16));
    if (!tagMatches(bytes.subarray(end), tagOf(this.#keys, packet, rollover))) return undefined;
    if (!this.#windows.has(ssrc) && this.#windows.size >= maxSources) return undefined;
    window.add(index);
    this.#windows.set(ssrc, window);
    const payload = applyKeystream(this.#keys, { ssrc, index }, packet.subarray(payloadAt));
    return Buffer.concat([packet.subarray(0, payloadAt), payload]);
  }
}

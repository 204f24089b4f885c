import { hash } from "node:crypto";

import { rtpPayloadOffset } from "../rtp/rtp-packet.ts";
import { nearestTo } from "../rtp/unwrap.ts";
import { digestSize, hmacPad, padSize, writeBinary } from "./hmac-pads.ts";
import { Keystream } from "./keystream.ts";
import { applyKeystream } from "./packet-crypto.ts";
import { ReplayWindow } from "./replay-window.ts";
import { deriveSrtpKeys, srtpTagSize, type SrtpMaster, type SrtpSessionKeys } from "./srtp-key.ts";

export interface SrtpDecryptorOptions {
  /** Bytes of the tag: 10 of HMAC_SHA1_80, which is meant unless told, or 4 of HMAC_SHA1_32. */
  readonly tagSize?: 4 | 10;
  /** The master key's identifier, which every packet then carries before its tag. RFC 3711 3.1 */
  readonly mki?: Buffer;
  /** Rollover counters, by source, of streams that are joined while they flow; a source that is not named begins at 0. */
  readonly rollovers?: ReadonlyMap<number, number>;
}

interface Source {
  readonly window: ReplayWindow;
  readonly keystream: Keystream;
}

const maxIndex = 2 ** 48;
/** Distinct sources heard under one key; only authentic packets count. */
const maxSources = 16;
const rolloverSize = 4;
/** Longest packet of the cheap way: what an Ethernet frame holds. Longer ones come over TCP only, and cost more. */
const longestCheap = 1_500;

/**
 * Opens SRTP packets of AES_CM_128 with HMAC_SHA1 (RFC 3711). Each source must be heard from before its sequence number first wraps.
 *
 * Built for rate, as the encryptor is: a packet is copied between HMAC's inner pad and the rollover counter, hashed, deciphered there
 * by whole words, and put back where it came from.
 */
export class SrtpDecryptor {
  readonly #keys: SrtpSessionKeys;
  readonly #tagSize: number;
  readonly #mki: Buffer;
  readonly #rollovers: ReadonlyMap<number, number>;
  readonly #sources = new Map<number, Source>();
  /** HMAC's inner key pad, the packet, and the rollover counter behind it. */
  #scratch: Buffer;
  #scratchWords: Int32Array;
  /** HMAC's outer key pad and, behind it, the inner digest. */
  readonly #outer: Buffer;

  constructor(master: SrtpMaster, { tagSize = srtpTagSize, mki, rollovers }: SrtpDecryptorOptions = {}) {
    this.#keys = deriveSrtpKeys(master);
    this.#tagSize = tagSize;
    this.#mki = mki ?? Buffer.alloc(0);
    this.#rollovers = rollovers ?? new Map<number, number>();
    this.#scratch = this.#makeScratch(longestCheap);
    this.#scratchWords = new Int32Array(this.#scratch.buffer);
    this.#outer = Buffer.concat([hmacPad(this.#keys.authentication, "outer"), Buffer.alloc(digestSize)]);
  }

  /**
   * The RTP packet, deciphered in place: a view of `bytes`. Undefined, and `bytes` as they were, for one that is malformed, not
   * authentic or seen before. Never throws.
   */
  unprotect(bytes: Buffer): Buffer | undefined {
    const mkiAt = bytes.length - this.#tagSize - this.#mki.length;
    const packet = bytes.subarray(0, Math.max(0, mkiAt));
    const payloadAt = rtpPayloadOffset(packet);
    if (payloadAt === undefined || !this.#hasMki(bytes, mkiAt)) return undefined;
    const ssrc = packet.readUInt32BE(8);
    const known = this.#sources.get(ssrc);
    this.#load(packet);
    const tag = bytes.subarray(bytes.length - this.#tagSize);
    const index = this.#findIndex(packet, known?.window, tag);
    if (index === undefined) return undefined;
    const source = known ?? this.#admit(ssrc, index);
    if (source === undefined) return undefined;
    source.window.add(index);
    this.#decipher(packet, payloadAt, { keystream: source.keystream, ssrc, index });
    return packet;
  }

  #hasMki(bytes: Buffer, at: number): boolean {
    return this.#mki.length === 0 || bytes.compare(this.#mki, 0, this.#mki.length, at, at + this.#mki.length) === 0;
  }

  /** The index under which the packet is new and authentic. RFC 3711 3.3.1: the rollover counter is not sent. */
  #findIndex(packet: Buffer, window: ReplayWindow | undefined, tag: Buffer): number | undefined {
    const sequence = packet.readUInt16BE(2);
    if (window !== undefined) {
      // The one nearest to the highest seen.
      const index = nearestTo(window.highest, sequence, 16);
      return index < maxIndex && window.accepts(index) && this.#isAuthentic(packet, index, tag) ? index : undefined;
    }
    const rollover = this.#rollovers.get(packet.readUInt32BE(8)) ?? 0;
    // The counter may have moved on since it was told.
    const candidates = [rollover, rollover + 1].map((high) => high * 2 ** 16 + sequence);
    return candidates.find((index) => index < maxIndex && this.#isAuthentic(packet, index, tag));
  }

  #admit(ssrc: number, firstIndex: number): Source | undefined {
    if (this.#sources.size >= maxSources) return undefined;
    const keystream = new Keystream(this.#keys, { ssrc, firstIndex, maxBytes: longestCheap });
    const source = { window: new ReplayWindow(), keystream };
    this.#sources.set(ssrc, source);
    return source;
  }

  #makeScratch(longest: number): Buffer {
    // Memory of its own begins at a whole word.
    const scratch = Buffer.allocUnsafeSlow((padSize + longest + rolloverSize + 3) & ~3);
    scratch.set(hmacPad(this.#keys.authentication, "inner"));
    return scratch;
  }

  #load(packet: Buffer): void {
    if (padSize + packet.length + rolloverSize > this.#scratch.length) {
      this.#scratch = this.#makeScratch(packet.length);
      this.#scratchWords = new Int32Array(this.#scratch.buffer);
    }
    this.#scratch.set(packet, padSize);
  }

  /** HMAC-SHA1 over packet and rollover counter (RFC 3711 4.2) of what lies in the scratch, compared in a time that tells nothing. */
  #isAuthentic({ length }: Buffer, index: number, tag: Buffer): boolean {
    const end = padSize + length;
    this.#scratch.writeUInt32BE(Math.floor(index / 2 ** 16), end);
    writeBinary(
      this.#outer,
      padSize,
      hash("sha1", this.#scratch.subarray(0, end + rolloverSize), "binary"),
      digestSize,
    );
    const expected = hash("sha1", this.#outer, "binary");
    let difference = 0;
    for (let at = 0; at < tag.length; at += 1) difference |= (tag[at] ?? 0) ^ expected.charCodeAt(at);
    return difference === 0;
  }

  #decipher(
    packet: Buffer,
    payloadAt: number,
    { keystream, ssrc, index }: { readonly keystream: Keystream; readonly ssrc: number; readonly index: number },
  ): void {
    const size = packet.length - payloadAt;
    if (size > longestCheap) {
      packet.set(applyKeystream(this.#keys, { ssrc, index }, packet.subarray(payloadAt)), payloadAt);
      return;
    }
    keystream.seek(index);
    const from = keystream.next();
    const key = keystream.words;
    const words = this.#scratchWords;
    const at = (padSize + payloadAt) >> 2;
    const count = (size + 3) >> 2;
    for (let word = 0; word < count; word += 1) words[at + word] = (words[at + word] ?? 0) ^ (key[from + word] ?? 0);
    this.#scratch.copy(packet, payloadAt, padSize + payloadAt, padSize + packet.length);
  }
}

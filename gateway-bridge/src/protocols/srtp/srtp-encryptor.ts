import { hash, randomInt } from "node:crypto";

import { GatehouseError } from "@gatehouse/shared";

import { rtpHeaderSize, writeRtpHeader } from "../rtp/rtp-packet.ts";
import { digestSize, hmacPad, padSize, writeBinary } from "./hmac-pads.ts";
import { Keystream } from "./keystream.ts";
import { deriveSrtpKeys, srtpTagSize, type SrtpMaster } from "./srtp-key.ts";

/** What becomes one packet. The encryptor adds source, payload type and sequence number. */
export interface OutgoingRtp {
  /** Taken modulo 2^32. */
  readonly timestamp: number;
  readonly marker: boolean;
  /** Payload header; may be empty. */
  readonly prefix: Buffer;
  readonly body: Buffer;
}

export interface SrtpEncryptorOptions {
  readonly ssrc: number;
  readonly payloadType: number;
  /** Longest payload, prefix and body together, in bytes. 1200 unless told. */
  readonly maxPayload?: number;
  /** Packets that are kept intact at a time. 512 unless told. */
  readonly slots?: number;
  /** Sequence number of the first packet. Random unless told, below 2^15 as RFC 3711 3.3.1 advises. */
  readonly firstSequence?: number;
}

const rolloverSize = 4;
/** Under one key no index may come twice. RFC 3711 9.2 */
const maxPackets = 2 ** 48;

/**
 * Makes the SRTP packets of one source, AES_CM_128_HMAC_SHA1_80 (RFC 3711), numbering them itself. Never make a second one for the
 * same master and SSRC: two packets of one number under one key would give both contents away.
 *
 * Built for rate: no OpenSSL object, no copy but the one of the payload, and the keystream of many packets at a time. A packet is
 * built in a slot [HMAC's inner key pad][packet][tag], where the inner hash can read it in one piece.
 */
export class SrtpEncryptor {
  readonly #options: Required<SrtpEncryptorOptions>;
  readonly #keystream: Keystream;
  readonly #slotSize: number;
  readonly #arena: Buffer;
  readonly #arenaWords: Int32Array;
  /** HMAC's outer key pad and, behind it, the inner digest. */
  readonly #outer: Buffer;
  #slot = 0;
  #index: number;
  #packets = 0;
  #octets = 0;

  constructor(master: SrtpMaster, options: SrtpEncryptorOptions) {
    const { ssrc, maxPayload = 1_200, slots = 512, firstSequence = randomInt(2 ** 15) } = options;
    this.#options = { ...options, maxPayload, slots, firstSequence };
    const keys = deriveSrtpKeys(master);
    this.#index = firstSequence;
    this.#keystream = new Keystream(keys, { ssrc, firstIndex: firstSequence, maxBytes: maxPayload });
    // Slots begin at multiples of 16, so that payloads (at 64 + 12) lie at whole words.
    this.#slotSize = (padSize + rtpHeaderSize + maxPayload + srtpTagSize + 15) & ~15;
    this.#arena = Buffer.allocUnsafeSlow(slots * this.#slotSize);
    this.#arenaWords = new Int32Array(this.#arena.buffer, 0, this.#arena.length / 4);
    const inner = hmacPad(keys.authentication, "inner");
    for (let slot = 0; slot < slots; slot += 1) this.#arena.set(inner, slot * this.#slotSize);
    this.#outer = Buffer.concat([hmacPad(keys.authentication, "outer"), Buffer.alloc(digestSize)]);
  }

  /** Packets and payload bytes so far, as sender reports count them. */
  get sent(): { readonly packets: number; readonly octets: number } {
    return { packets: this.#packets, octets: this.#octets };
  }

  /** Sequence number of the next packet. */
  get nextSequence(): number {
    return this.#index & 0xffff;
  }

  /**
   * Enciphers packets in the order given. Each result is a view into a slot: it stays intact until `slots` further packets have been
   * enciphered, so a caller that hands them to a socket keeps fewer than `slots` sends unfinished.
   * @param packets at most `slots`
   * @throws GatehouseError `srtp-key-exhausted` after 2^48 packets
   */
  protect(packets: readonly OutgoingRtp[]): readonly Buffer[] {
    if (packets.length > this.#options.slots) throw new RangeError(`${packets.length} packets do not fit the slots.`);
    return packets.map((packet) => this.#protect(packet));
  }

  #protect(packet: OutgoingRtp): Buffer {
    const size = packet.prefix.length + packet.body.length;
    if (size > this.#options.maxPayload) throw new RangeError(`A payload of ${size} bytes does not fit a slot.`);
    if (this.#index >= maxPackets) {
      throw new GatehouseError("srtp-key-exhausted", "The session's key has enciphered as many packets as is safe.");
    }
    const slot = this.#slot * this.#slotSize;
    const start = slot + padSize;
    const end = start + rtpHeaderSize + size;
    this.#write(packet, start);
    this.#encipher((start + rtpHeaderSize) >> 2, size);
    this.#authenticate(slot, end);
    this.#slot = (this.#slot + 1) % this.#options.slots;
    this.#index += 1;
    this.#packets += 1;
    this.#octets += size;
    return this.#arena.subarray(start, end + srtpTagSize);
  }

  #write({ timestamp, marker, prefix, body }: OutgoingRtp, start: number): void {
    const { payloadType, ssrc } = this.#options;
    writeRtpHeader(this.#arena, start, { payloadType, marker, sequence: this.#index, timestamp, ssrc });
    const payload = start + rtpHeaderSize;
    if (prefix.length > 0) this.#arena.set(prefix, payload);
    this.#arena.set(body, payload + prefix.length);
  }

  /** Whole words: up to three bytes behind the payload are spoilt, where the tag is written next. */
  #encipher(at: number, size: number): void {
    const words = this.#arenaWords;
    const from = this.#keystream.next();
    const keystream = this.#keystream.words;
    const count = (size + 3) >> 2;
    for (let word = 0; word < count; word += 1)
      words[at + word] = (words[at + word] ?? 0) ^ (keystream[from + word] ?? 0);
  }

  /** HMAC-SHA1 over packet and rollover counter, RFC 3711 4.2: two one-shot hashes, whose results cost least as binary strings. */
  #authenticate(slot: number, end: number): void {
    const arena = this.#arena;
    arena.writeUInt32BE(Math.floor(this.#index / 2 ** 16), end);
    writeBinary(this.#outer, padSize, hash("sha1", arena.subarray(slot, end + rolloverSize), "binary"), digestSize);
    writeBinary(arena, end, hash("sha1", this.#outer, "binary"), srtpTagSize);
  }
}

import { createCipheriv, type Cipheriv } from "node:crypto";

import type { SrtpSessionKeys } from "./srtp-key.ts";

const blockSize = 16;

/** Packets whose keystream is made by one call: beyond this a call costs no less per packet. */
const ahead = 16;

export interface KeystreamOptions {
  readonly ssrc: number;
  /** Packet index of the first call of `next`. */
  readonly firstIndex: number;
  /** Keystream bytes made for each packet. */
  readonly maxBytes: number;
}

/**
 * AES counter mode for a run of packets of one source: since the next packets' indexes are known, their counter blocks go through
 * one AES-ECB object together, ahead of time. Making a cipher object costs ten times what enciphering a packet does.
 */
export class Keystream {
  readonly #cipher: Cipheriv;
  readonly #blocks: number;
  readonly #counters: Buffer;
  readonly #counterWords: Int32Array;
  /** Block numbers as they lie in the last word of a counter block. */
  readonly #steps: Int32Array;
  /** One counter block, laid out as bytes and read as words, so that the host's byte order does not matter. */
  readonly #block = Buffer.alloc(blockSize);
  readonly #blockWords = new Int32Array(this.#block.buffer, this.#block.byteOffset, 4);
  readonly #saltIndexHigh: number;
  readonly #saltIndexLow: number;
  #index: number;
  #left = 0;

  /** What `next` counts in; each call of it may replace them, and empties those before. */
  words = new Int32Array(0);

  constructor(keys: SrtpSessionKeys, { ssrc, firstIndex, maxBytes }: KeystreamOptions) {
    this.#cipher = createCipheriv("aes-128-ecb", keys.key, null).setAutoPadding(false);
    this.#index = firstIndex;
    this.#blocks = Math.ceil(maxBytes / blockSize);
    // RFC 3711 4.1.1: IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16)
    keys.salt.copy(this.#block);
    this.#saltIndexHigh = this.#block.readUInt32BE(8);
    this.#saltIndexLow = this.#block.readUInt16BE(12);
    this.#block.writeUInt32BE((this.#block.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    this.#counters = Buffer.concat(Array.from({ length: ahead * this.#blocks }, () => this.#block));
    this.#counterWords = new Int32Array(this.#counters.buffer, this.#counters.byteOffset, this.#counters.length / 4);
    const steps = Buffer.alloc(4 * this.#blocks);
    for (let block = 0; block < this.#blocks; block += 1) steps.writeUInt32BE(block, 4 * block);
    this.#steps = new Int32Array(steps.buffer, steps.byteOffset, this.#blocks);
  }

  /** Where in `words` the next packet's keystream begins. */
  next(): number {
    if (this.#left === 0) this.#refill();
    const start = (ahead - this.#left) * this.#blocks * 4;
    this.#left -= 1;
    return start;
  }

  /** Goes on at this packet index: at no cost among the packets whose keystream is at hand. */
  seek(index: number): void {
    const behind = this.#index - index;
    if (behind >= 0 && behind <= ahead && this.words.length > 0) this.#left = behind;
    else {
      this.#index = index;
      this.#left = 0;
    }
  }

  #refill(): void {
    for (let packet = 0; packet < ahead; packet += 1) this.#writeCounters(packet, this.#index + packet);
    this.#index += ahead;
    // Gives the memory back now. Left to the garbage collector, these megabytes a second have it mark the whole heap again and again.
    this.words.buffer.transfer(0);
    const bytes = this.#cipher.update(this.#counters);
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    this.#left = ahead;
  }

  #writeCounters(packet: number, index: number): void {
    this.#block.writeUInt32BE((this.#saltIndexHigh ^ Math.floor(index / 2 ** 16)) >>> 0, 8);
    this.#block.writeUInt16BE(this.#saltIndexLow ^ (index & 0xffff), 12);
    const [, , high = 0, low = 0] = this.#blockWords;
    const words = this.#counterWords;
    const steps = this.#steps;
    let at = packet * this.#blocks * 4;
    for (let block = 0; block < this.#blocks; block += 1) {
      words[at + 2] = high;
      words[at + 3] = low ^ (steps[block] ?? 0);
      at += 4;
    }
  }
}

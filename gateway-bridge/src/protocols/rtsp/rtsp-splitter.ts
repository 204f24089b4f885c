import { GatehouseError } from "@gatehouse/shared";

import { maxHeadBytes, parseHead, type RtspHead, type RtspMessage } from "./rtsp-message.ts";

/** Takes what a connection carries, in order. */
export interface SplitterSink {
  /** An interleaved frame. The payload is a view that is good until this returns. RFC 2326 10.12 */
  frame(channel: number, payload: Buffer): void;
  /** @param bytes all of it as it came: a view that is good until this returns */
  message(message: RtspMessage, bytes: Buffer): void;
}

const dollar = 0x24;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** `$`, channel, length. */
const frameHeaderBytes = 4;
/** What is held in is used again, unless a message has made it larger than any frame is. */
const keptBytes = 2 ** 16 + frameHeaderBytes;
/** How much of a chunk is taken at a time where the length of what it goes on with is not known yet. */
const stepBytes = 512;

/**
 * Parts the bytes of one RTSP connection into interleaved frames, responses and requests. What lies whole in a chunk is handed on
 * as a view of it; only what crosses the border of two chunks is copied.
 */
export class RtspSplitter {
  readonly #sink: SplitterSink;
  /** The beginning of a frame or message, filled up to `#held`. Used again for the next one. */
  #partial: Buffer = Buffer.alloc(0);
  #held = 0;
  /** Of the message at hand: its head, once it is whole, and how far the search for its end has come. */
  #head: { readonly head: RtspHead; readonly bytes: number } | undefined;
  #searched = 0;

  constructor(sink: SplitterSink) {
    this.#sink = sink;
  }

  /** @throws GatehouseError `camera-answer-malformed`, `camera-answer-too-large`; then no more can be read */
  push(chunk: Buffer): void {
    let at = 0;
    while (this.#held > 0 && at < chunk.length) at += this.#complete(chunk, at);
    while (at < chunk.length) {
      const end = wholeFrameEnd(chunk, at);
      if (end !== undefined) {
        this.#sink.frame(chunk.readUInt8(at + 1), chunk.subarray(at + frameHeaderBytes, end));
        at = end;
        continue;
      }
      const rest = chunk.subarray(at);
      const size = this.#measure(rest);
      if (size === undefined || size > rest.length) {
        this.#hold(rest, size ?? rest.length);
        return;
      }
      this.#emit(rest.subarray(0, size));
      at += size;
    }
  }

  /** Adds bytes of the chunk to what is held, and hands it on once it is whole. Returns how many were taken. */
  #complete(chunk: Buffer, at: number): number {
    const before = this.#held;
    const known = this.#measure(this.#partial.subarray(0, before));
    const step = known === undefined ? this.#step() : known - before;
    this.#hold(chunk.subarray(at, at + step), known ?? before + step);
    const held = this.#partial.subarray(0, this.#held);
    const size = this.#measure(held);
    if (size === undefined || size > held.length) return held.length - before;
    this.#held = 0;
    if (this.#partial.length > keptBytes) this.#partial = Buffer.alloc(0);
    this.#emit(held.subarray(0, size));
    return size - before;
  }

  #step(): number {
    return this.#partial[0] === dollar ? frameHeaderBytes - this.#held : stepBytes;
  }

  #hold(bytes: Buffer, size: number): void {
    const needed = Math.max(size, this.#held + bytes.length);
    if (needed > this.#partial.length) {
      // Doubled, so that a message that trickles in is not copied with every byte.
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#held));
      grown.set(this.#partial.subarray(0, this.#held));
      this.#partial = grown;
    }
    this.#partial.set(bytes, this.#held);
    this.#held += bytes.length;
  }

  /** Bytes of the frame or message that begins here; undefined while that cannot be known. */
  #measure(bytes: Buffer): number | undefined {
    const first = bytes[0];
    if (first === dollar) {
      return bytes.length < frameHeaderBytes ? undefined : frameHeaderBytes + bytes.readUInt16BE(2);
    }
    // Stray line ends between messages are passed over one by one.
    if (first === lineFeed || first === carriageReturn) return 1;
    this.#head ??= this.#findHead(bytes);
    return this.#head && this.#head.bytes + this.#head.head.bodyBytes;
  }

  #findHead(bytes: Buffer): { readonly head: RtspHead; readonly bytes: number } | undefined {
    for (let at = bytes.indexOf(lineFeed, this.#searched); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
      const next = bytes[at + 1] === carriageReturn ? at + 2 : at + 1;
      if (next >= bytes.length) {
        this.#searched = at;
        checkHead(bytes);
        return undefined;
      }
      if (bytes[next] === lineFeed) {
        checkHead(bytes.subarray(0, at));
        return { head: parseHead(bytes.subarray(0, bytes[at - 1] === carriageReturn ? at - 1 : at)), bytes: next + 1 };
      }
    }
    this.#searched = bytes.length;
    checkHead(bytes);
    return undefined;
  }

  #emit(bytes: Buffer): void {
    if (bytes[0] === dollar) {
      this.#sink.frame(bytes.readUInt8(1), bytes.subarray(frameHeaderBytes));
      return;
    }
    const found = this.#head;
    this.#head = undefined;
    this.#searched = 0;
    if (found === undefined) return;
    const { bodyBytes, ...head } = found.head;
    this.#sink.message({ ...head, body: Buffer.from(bytes.subarray(bytes.length - bodyBytes)) }, bytes);
  }
}

/** Where the frame that begins here ends, if all of it is there: nearly always. */
const wholeFrameEnd = (chunk: Buffer, at: number): number | undefined => {
  if (chunk[at] !== dollar || at + frameHeaderBytes > chunk.length) return undefined;
  const end = at + frameHeaderBytes + chunk.readUInt16BE(at + 2);
  return end > chunk.length ? undefined : end;
};

/** Of a head that may not be whole yet. */
const checkHead = (head: Buffer): void => {
  // Not a message at all: said at once, not after waiting for an end that never comes. A method, or `RTSP/1.0`.
  if (!/^[A-Z_]{1,32}(?:[ \t/]|$)/i.test(head.toString("latin1", 0, 33))) {
    throw new GatehouseError("camera-answer-malformed", "the camera sent something that is not RTSP");
  }
  if (head.length > maxHeadBytes) {
    throw new GatehouseError(
      "camera-answer-too-large",
      `the camera's answer has more than ${maxHeadBytes} bytes of headers`,
    );
  }
};

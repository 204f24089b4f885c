import { BitReader } from "../nal/bit-reader.ts";
import { readAudioSpecificConfig, type AacConfig } from "./audio-specific-config.ts";
import { ownBytes } from "../rtp/own-bytes.ts";
import type { OrderedPacket, UnpackedUnit, Unpacker } from "../rtp/unpacker.ts";
import { UnitFragments } from "./unit-fragments.ts";

/** What a StreamMuxConfig says, where it is of the one kind that cameras use. */
export interface StreamMux {
  readonly config: AacConfig;
  /** Access units in each element. */
  readonly subFrames: number;
}

/**
 * Reads a StreamMuxConfig with one program of one layer of frames that tell their own length. Undefined for any other, and for
 * what is damaged. ISO/IEC 14496-3 1.7.3.1
 */
export const readStreamMux = (bytes: Buffer): StreamMux | undefined => {
  if (bytes.length > 64) return undefined;
  const bits = new BitReader(bytes);
  const version = bits.bit();
  const sameTiming = bits.flag();
  const subFrames = bits.bits(6) + 1;
  const [programs, layers] = [bits.bits(4), bits.bits(3)];
  if (version !== 0 || !sameTiming || programs !== 0 || layers !== 0) return undefined;
  const config = readAudioSpecificConfig(bits);
  const lengthType = bits.bits(3);
  return config === undefined || lengthType !== 0 ? undefined : { config, subFrames };
};

export interface LatmUnpackerOptions {
  readonly subFrames: number;
  /** Ticks that each access unit lasts. */
  readonly unitTicks: number;
}

const maxUnits = 256;

/** Takes access units out of packets of RFC 6416 whose StreamMuxConfig is in the SDP (`cpresent=0`). */
export class LatmUnpacker implements Unpacker {
  readonly #subFrames: number;
  readonly #unitTicks: number;
  readonly #fragments = new UnitFragments();
  #damaged = 0;

  constructor({ subFrames, unitTicks }: LatmUnpackerOptions) {
    this.#subFrames = subFrames;
    this.#unitTicks = unitTicks;
  }

  get damaged(): number {
    return this.#damaged + this.#fragments.damaged;
  }

  // RFC 6416 6.1: a packet holds whole elements, or a part of one; the marker ends an element.
  unpack({ payload, marker, timestamp, gap }: OrderedPacket): readonly UnpackedUnit[] {
    if (gap) this.#fragments.drop();
    if (!marker || this.#fragments.isOpen) {
      this.#fragments.add({ size: undefined, part: payload, timestamp });
      if (!marker || !this.#fragments.isOpen) return [];
    }
    const whole = this.#fragments.isOpen ? this.#fragments.take() : payload;
    const units = readElements(whole);
    if (units === undefined || units.length % this.#subFrames !== 0) {
      this.#damaged += 1;
      return [];
    }
    return units.map((data, index) => ({ offset: index * this.#unitTicks, data: ownBytes(data) }));
  }
}

/** PayloadLengthInfo() and PayloadMux() in turn: every 255 goes on, the first smaller byte ends. ISO/IEC 14496-3 1.7.3.2 */
const readElements = (bytes: Buffer): readonly Buffer[] | undefined => {
  const units: Buffer[] = [];
  let at = 0;
  while (at < bytes.length && units.length < maxUnits) {
    let size = 0;
    let byte: number | undefined;
    do {
      byte = bytes[at];
      if (byte === undefined) return undefined;
      size += byte;
      at += 1;
    } while (byte === 255);
    if (size === 0 || at + size > bytes.length) return undefined;
    units.push(bytes.subarray(at, at + size));
    at += size;
  }
  return units.length === 0 || at < bytes.length ? undefined : units;
};

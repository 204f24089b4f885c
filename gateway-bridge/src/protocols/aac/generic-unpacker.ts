import { BitReader } from "../nal/bit-reader.ts";
import { splitAdts } from "./adts.ts";
import { UnitFragments } from "./unit-fragments.ts";
import { ownBytes } from "../rtp/own-bytes.ts";
import type { OrderedPacket, UnpackedUnit, Unpacker } from "../rtp/unpacker.ts";
import type { AccessUnitLayout } from "./access-unit-layout.ts";

export interface GenericUnpackerOptions {
  readonly layout: AccessUnitLayout;
  /** Ticks that each access unit lasts. */
  readonly unitTicks: number;
}

/** More than any packet can hold: each takes a byte at least, and sound of a second is some fifty. */
const maxUnits = 256;

interface Sections {
  /** In bytes, by the headers; undefined where there are none. */
  readonly sizes: readonly number[] | undefined;
  readonly media: Buffer;
}

/**
 * Takes access units out of packets of RFC 3640, modes AAC-hbr, AAC-lbr and generic. Interleaving is not undone: no camera uses
 * it. Takes access units that a camera has left in ADTS frames, with or without headers before them.
 */
export class GenericUnpacker implements Unpacker {
  readonly #layout: AccessUnitLayout;
  readonly #unitTicks: number;
  readonly #fragments = new UnitFragments();
  #damaged = 0;

  constructor({ layout, unitTicks }: GenericUnpackerOptions) {
    this.#layout = layout;
    this.#unitTicks = unitTicks;
  }

  get damaged(): number {
    return this.#damaged + this.#fragments.damaged;
  }

  unpack(packet: OrderedPacket): readonly UnpackedUnit[] {
    if (packet.gap) this.#fragments.drop();
    const sections = readSections(packet.payload, this.#layout);
    const whole = sections && this.#cut(sections, packet);
    // A camera that sends ADTS frames as they are has its first bytes read as the length of headers that are not there.
    const units = whole ?? splitAdts(packet.payload);
    if (units === undefined) {
      this.#damaged += 1;
      return [];
    }
    return units.flatMap(unframe).map((data, index) => ({ offset: index * this.#unitTicks, data: ownBytes(data) }));
  }

  /** Views of the access units; undefined when their sizes cannot be. */
  #cut({ sizes, media }: Sections, packet: OrderedPacket): readonly Buffer[] | undefined {
    if (sizes === undefined) return cutEvenly(media, this.#layout.constantSize);
    const [size] = sizes;
    if (sizes.length === 1 && size !== undefined && (size > media.length || this.#fragments.isOpen)) {
      const unit = this.#fragments.add({ size, part: media, timestamp: packet.timestamp });
      return unit === undefined ? [] : [unit];
    }
    this.#fragments.drop();
    const units: Buffer[] = [];
    let at = 0;
    for (const each of sizes) {
      const unit = media.subarray(at, at + each);
      if (each === 0 || unit.length < each) return undefined;
      units.push(unit);
      at += each;
    }
    return units;
  }
}

// RFC 3640 3.2.1: AU-headers-length counts the bits of the headers without their padding.
const readSections = (payload: Buffer, layout: AccessUnitLayout): Sections | undefined => {
  const hasHeaders = layout.sizeLength + layout.indexLength > 0;
  if (!hasHeaders) return { sizes: undefined, media: payload };
  if (payload.length < 2) return undefined;
  const headersEnd = 16 + payload.readUInt16BE(0);
  const start = Math.ceil(headersEnd / 8);
  if (start > payload.length) return undefined;
  const bits = new BitReader(payload, 2);
  const sizes: number[] = [];
  while (bits.position < headersEnd && sizes.length < maxUnits)
    sizes.push(readHeader(bits, layout, sizes.length === 0));
  const media = payload.subarray(start + auxiliarySize(payload.subarray(start), layout));
  if (bits.position > headersEnd || sizes.length === 0) return undefined;
  return { sizes: layout.sizeLength === 0 ? undefined : sizes, media };
};

/** Returns AU-size. RFC 3640 3.2.1.1 */
const readHeader = (bits: BitReader, layout: AccessUnitLayout, first: boolean): number => {
  const size = bits.bits(layout.sizeLength);
  bits.skip(first ? layout.indexLength : layout.indexDeltaLength);
  if (layout.ctsDeltaLength > 0 && bits.flag()) bits.skip(layout.ctsDeltaLength);
  if (layout.dtsDeltaLength > 0 && bits.flag()) bits.skip(layout.dtsDeltaLength);
  bits.skip((layout.randomAccess ? 1 : 0) + layout.streamStateLength);
  return size;
};

/** Whole bytes of the auxiliary section. RFC 3640 3.2.2 */
const auxiliarySize = (bytes: Buffer, { auxiliaryLength }: AccessUnitLayout): number =>
  auxiliaryLength === 0 ? 0 : Math.ceil((auxiliaryLength + new BitReader(bytes).bits(auxiliaryLength)) / 8);

const cutEvenly = (media: Buffer, size: number): readonly Buffer[] | undefined => {
  if (media.length === 0) return undefined;
  if (size === 0) return [media];
  const count = media.length / size;
  if (!Number.isInteger(count) || count > maxUnits) return undefined;
  return Array.from({ length: count }, (_, index) => media.subarray(index * size, (index + 1) * size));
};

/** Without the ADTS header that some cameras leave before an access unit. */
const unframe = (unit: Buffer): readonly Buffer[] => splitAdts(unit) ?? [unit];

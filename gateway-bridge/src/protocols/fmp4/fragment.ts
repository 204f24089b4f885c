import { trackIds, type Mp4Track } from "./mp4-track.ts";

/** One coded picture or piece of sound, placed in time. */
export interface Sample {
  /** Ticks of the track's timescale. */
  readonly duration: number;
  /** Presentation minus decoding time. */
  readonly offset: number;
  /** Decoding can start here; so it is with all sound. */
  readonly key: boolean;
  /** Its bytes, in as many parts as they lie in memory. */
  readonly parts: readonly Buffer[];
}

/** Samples of one track that follow each other without a gap. */
export interface Run {
  readonly track: Mp4Track["kind"];
  /** Of its first sample, in ticks of the track's timescale. */
  readonly decodeTime: number;
  readonly samples: readonly Sample[];
}

/** sample-flags. ISO/IEC 14496-12 8.8.3.1: depends on no other; depends on others and is no sync sample. */
const syncFlags = 0x02000000;
const otherFlags = 0x01010000;

const tfhdSize = 16;
const tfdtSize = 20;
const trunSize = (samples: number): number => 20 + 16 * samples;
const trafSize = (samples: number): number => 8 + tfhdSize + tfdtSize + trunSize(samples);

const sizeOf = ({ parts }: Sample): number => parts.reduce((sum, { length }) => sum + length, 0);

/** Writes boxes one after the other into a buffer of the right size. */
class BoxWriter {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  head(size: number, type: string): this {
    this.u32(size);
    this.#at += this.bytes.write(type, this.#at, 4, "latin1");
    return this;
  }

  u32(...values: readonly number[]): this {
    for (const value of values) this.#at = this.bytes.writeUInt32BE(value, this.#at);
    return this;
  }

  i32(value: number): this {
    this.#at = this.bytes.writeInt32BE(value, this.#at);
    return this;
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
  }
}

interface Placed {
  readonly run: Run;
  readonly sizes: readonly number[];
  /** From the beginning of the moof box. ISO/IEC 14496-12 8.8.7: default-base-is-moof */
  readonly dataOffset: number;
}

const writeRun = (writer: BoxWriter, { run, sizes, dataOffset }: Placed): void => {
  const { track, decodeTime, samples } = run;
  writer.head(trafSize(samples.length), "traf");
  writer.head(tfhdSize, "tfhd").u32(0x020000, trackIds[track]);
  writer.head(tfdtSize, "tfdt").u32(0x01000000).u64(decodeTime);
  // Version 1: offsets are signed. Data offset; each sample's duration, size, flags and composition time offset.
  writer.head(trunSize(samples.length), "trun").u32(0x01000f01, samples.length, dataOffset);
  samples.forEach(({ duration, key, offset }, index) => {
    writer.u32(duration, sizes[index] ?? 0, key ? syncFlags : otherFlags).i32(offset);
  });
};

/**
 * One fragment: moof and mdat, as a list of buffers to be written one after the other. What the samples hold is not copied.
 * ISO/IEC 14496-12 8.8.4
 */
export const fragment = (sequence: number, runs: readonly Run[]): readonly Buffer[] => {
  const moofSize = runs.reduce((sum, { samples }) => sum + trafSize(samples.length), 8 + 16);
  const writer = new BoxWriter(moofSize + 8);
  writer.head(moofSize, "moof").head(16, "mfhd").u32(0, sequence);
  let dataOffset = moofSize + 8;
  for (const run of runs) {
    const sizes = run.samples.map(sizeOf);
    writeRun(writer, { run, sizes, dataOffset });
    dataOffset += sizes.reduce((sum, size) => sum + size, 0);
  }
  writer.head(dataOffset - moofSize, "mdat");
  return [writer.bytes, ...runs.flatMap(({ samples }) => samples.flatMap(({ parts }) => parts))];
};

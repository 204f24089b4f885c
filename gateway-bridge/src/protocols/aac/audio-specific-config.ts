import { BitReader } from "../nal/bit-reader.ts";

/** How a stream of AAC is coded. */
export interface AacConfig {
  /** Of the core coder: 2 is AAC-LC, which all cameras send. ISO/IEC 14496-3 table 1.17 */
  readonly objectType: number;
  /** Samples a second of the core coder; with spectral band replication the decoder gives twice as many. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of the core coder in each access unit, of one channel. */
  readonly unitSamples: number;
}

/** By sampling_frequency_index. ISO/IEC 14496-3 table 1.18 */
export const sampleRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
] as const;

const writtenOutRate = 15;
const longestConfig = 64;

/** channel_configuration 7 stands for eight; 0, a layout of its own, is sent by no camera. ISO/IEC 14496-3 table 1.19 */
const channelsOf = (configuration: number): number => (configuration === 7 ? 8 : configuration < 7 ? configuration : 0);

/** Object types that carry a GASpecificConfig and whose access units can be cut without decoding them. */
const generalAudio: ReadonlySet<number> = new Set([1, 2, 3, 4, 17, 23]);
const errorResilient = 17;
const lowDelay = 23;
const spectralBandReplication = 5;
const parametricStereo = 29;
const escape = 31;

const readObjectType = (bits: BitReader): number => {
  const type = bits.bits(5);
  return type === escape ? 32 + bits.bits(6) : type;
};

/** Hertz; undefined for a reserved index. */
const readSampleRate = (bits: BitReader): number | undefined => {
  const index = bits.bits(4);
  return index === writtenOutRate ? bits.bits(24) : sampleRates[index];
};

/** Reads AudioSpecificConfig() at the reader's place. Undefined for what is damaged, or none of general audio. ISO/IEC 14496-3 1.6.2.1 */
export const readAudioSpecificConfig = (bits: BitReader): AacConfig | undefined => {
  let objectType = readObjectType(bits);
  const sampleRate = readSampleRate(bits);
  const channels = channelsOf(bits.bits(4));
  if (objectType === spectralBandReplication || objectType === parametricStereo) {
    readSampleRate(bits);
    objectType = readObjectType(bits);
  }
  if (!generalAudio.has(objectType) || channels === 0 || !sampleRate || sampleRate > 96_000) return undefined;
  // ISO/IEC 14496-3 4.4.1
  const short = bits.flag();
  if (bits.flag()) bits.skip(14);
  const extended = bits.flag();
  if (extended && objectType >= errorResilient) bits.skip(3);
  if (extended) bits.skip(1);
  // epConfig. ISO/IEC 14496-3 1.6.2.1
  if (objectType >= errorResilient) bits.skip(2);
  if (bits.ended) return undefined;
  const [long, shortened] = objectType === lowDelay ? [512, 480] : [1_024, 960];
  return { objectType, sampleRate, channels, unitSamples: short ? shortened : long };
};

/** Undefined for what is damaged, or none of general audio. Never throws. */
export const parseAudioSpecificConfig = (bytes: Buffer): AacConfig | undefined =>
  bytes.length > longestConfig ? undefined : readAudioSpecificConfig(new BitReader(bytes));

/**
 * The AudioSpecificConfig of a stream, without the extensions that decoders find out for themselves.
 * @throws RangeError for a layout of channels that it has no number for
 */
export const buildAudioSpecificConfig = ({ objectType, sampleRate, channels, unitSamples }: AacConfig): Buffer => {
  const configuration = channels === 8 ? 7 : channels;
  if (channelsOf(configuration) !== channels || channels === 0)
    throw new RangeError(`There is no layout of ${channels} channels.`);
  const index = sampleRates.findIndex((rate) => rate === sampleRate);
  const flags = unitSamples === 960 || unitSamples === 480 ? 4 : 0;
  if (index >= 0) {
    const config = Buffer.alloc(2);
    config.writeUInt16BE((objectType << 11) | (index << 7) | (configuration << 3) | flags);
    return config;
  }
  const config = Buffer.alloc(5);
  config.writeUInt16BE((objectType << 11) | (writtenOutRate << 7) | (sampleRate >> 17));
  config.writeUIntBE((sampleRate & 0x1ffff) * 128 + ((configuration << 3) | flags), 2, 3);
  return config;
};

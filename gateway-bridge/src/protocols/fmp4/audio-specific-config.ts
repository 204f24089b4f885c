import { BitReader } from "../nal/bit-reader.ts";

/** What an AudioSpecificConfig begins with. */
export interface AudioSpecificConfig {
  /** 2 is AAC-LC, 5 HE-AAC, 29 HE-AAC v2. */
  readonly objectType: number;
  /** Samples a second of the core coder: an access unit holds 1,024 of them. */
  readonly sampleRate: number;
}

// ISO/IEC 14496-3 table 1.18
const sampleRates = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/** Undefined where it is not valid. ISO/IEC 14496-3 1.6.2.1 */
export const readAudioSpecificConfig = (config: Buffer): AudioSpecificConfig | undefined => {
  const bits = new BitReader(config);
  const short = bits.bits(5);
  const objectType = short === 31 ? 32 + bits.bits(6) : short;
  const index = bits.bits(4);
  const sampleRate = index === 15 ? bits.bits(24) : (sampleRates[index] ?? 0);
  return bits.ended || objectType === 0 || sampleRate === 0 ? undefined : { objectType, sampleRate };
};

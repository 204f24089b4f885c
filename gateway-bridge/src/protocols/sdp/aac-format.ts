import { headerless, highBitRate, lowBitRate, type AccessUnitLayout } from "../aac/access-unit-layout.ts";
import { buildAudioSpecificConfig, parseAudioSpecificConfig, type AacConfig } from "../aac/audio-specific-config.ts";
import { GenericUnpacker } from "../aac/generic-unpacker.ts";
import { LatmUnpacker, readStreamMux } from "../aac/latm.ts";
import type { Unpacker } from "../rtp/unpacker.ts";
import type { MediaFormat } from "./session-description.ts";

/** AAC as an SDP describes it. */
export interface AacFormat {
  readonly parameters: AacConfig;
  /** AudioSpecificConfig. */
  readonly config: Buffer;
  /** Ticks a second of the packets' timestamps. */
  readonly clockRate: number;
  createUnpacker(): Unpacker;
}

type Parameters = MediaFormat["parameters"];

const longestField = 32;

const readHex = (text: string | undefined): Buffer | undefined =>
  text !== undefined && /^(?:[0-9a-f]{2}){1,64}$/i.test(text) ? Buffer.from(text, "hex") : undefined;

/** Undefined for what is no number of bits. */
const readLength = (parameters: Parameters, name: string, otherwise: number): number | undefined => {
  const text = parameters.get(name);
  if (text === undefined || text === "") return otherwise;
  return /^\d{1,2}$/.test(text) && Number(text) <= longestField ? Number(text) : undefined;
};

/** Of a mode that is not named, the parameters tell everything. RFC 3640 4.1 */
const layouts: ReadonlyMap<string, AccessUnitLayout> = new Map([
  ["aac-hbr", highBitRate],
  ["aac-lbr", lowBitRate],
  ["generic", headerless],
]);

const readLayout = (parameters: Parameters): AccessUnitLayout | undefined => {
  const base = layouts.get((parameters.get("mode") ?? "generic").toLowerCase()) ?? headerless;
  const lengths = {
    sizeLength: readLength(parameters, "sizelength", base.sizeLength),
    indexLength: readLength(parameters, "indexlength", base.indexLength),
    indexDeltaLength: readLength(parameters, "indexdeltalength", base.indexDeltaLength),
    ctsDeltaLength: readLength(parameters, "ctsdeltalength", 0),
    dtsDeltaLength: readLength(parameters, "dtsdeltalength", 0),
    streamStateLength: readLength(parameters, "streamstateindication", 0),
    auxiliaryLength: readLength(parameters, "auxiliarydatasizelength", 0),
  };
  const known = Object.entries(lengths).filter((entry): entry is [string, number] => entry[1] !== undefined);
  if (known.length < Object.keys(lengths).length) return undefined;
  const constantSize = Number(/^\d{1,4}$/.exec(parameters.get("constantsize") ?? "0")?.[0] ?? 0);
  const randomAccess = parameters.get("randomaccessindication") === "1";
  return { ...base, ...Object.fromEntries(known), constantSize, randomAccess };
};

const ticksOf = ({ unitSamples, sampleRate }: AacConfig, clockRate: number): number =>
  Math.round((unitSamples * clockRate) / sampleRate);

const readGeneric = ({ parameters: given, clockRate: rate }: MediaFormat): AacFormat | undefined => {
  const config = readHex(given.get("config"));
  const parameters = config && parseAudioSpecificConfig(config);
  const layout = readLayout(given);
  if (config === undefined || parameters === undefined || layout === undefined) return undefined;
  const clockRate = rate || parameters.sampleRate;
  const unitTicks = ticksOf(parameters, clockRate);
  return { parameters, config, clockRate, createUnpacker: () => new GenericUnpacker({ layout, unitTicks }) };
};

/** The configuration must be in the SDP: what comes in band (`cpresent=1`, the default) is sent by no camera that is known. */
const readLatm = ({ parameters: given, clockRate: rate }: MediaFormat): AacFormat | undefined => {
  const mux = given.get("cpresent") === "0" ? readHex(given.get("config")) : undefined;
  const read = mux && readStreamMux(mux);
  if (read === undefined) return undefined;
  const { config: parameters, subFrames } = read;
  const clockRate = rate || parameters.sampleRate;
  const unitTicks = ticksOf(parameters, clockRate);
  const createUnpacker = (): Unpacker => new LatmUnpacker({ subFrames, unitTicks });
  return { parameters, config: buildAudioSpecificConfig(parameters), clockRate, createUnpacker };
};

/** AAC of RFC 3640 or RFC 6416; undefined for any other format, and for what cannot be taken apart. */
export const readAacFormat = (format: MediaFormat): AacFormat | undefined => {
  if (format.encoding === "MPEG4-GENERIC") return readGeneric(format);
  return format.encoding === "MP4A-LATM" ? readLatm(format) : undefined;
};

import { readFile } from "node:fs/promises";

import { codecs, splitAnnexB, type VideoCodec } from "./nal.ts";

export const framesPerSecond = 25;

/** One coded picture of the clip: its NAL units without start codes, parameter sets first where it is an IDR picture. */
export interface Picture {
  readonly nals: readonly Buffer[];
  readonly key: boolean;
  /** Length of a filler NAL unit that keeps the stream at its bit rate; 0 for none. */
  readonly filler: number;
}

/** A looping scene of one size. */
export interface Clip {
  readonly codec: VideoCodec;
  readonly pictures: readonly Picture[];
  /** Of H.265 alone. */
  readonly vps: Buffer | undefined;
  readonly sps: Buffer;
  readonly pps: Buffer;
  readonly width: number;
  readonly height: number;
}

export interface ClipOptions {
  readonly name: "main" | "sub";
  /** Default H.264. */
  readonly codec?: VideoCodec;
  readonly bitrateKbps: number;
  /** Bytes that every picture gets on its way, to be counted in. */
  readonly overhead: number;
}

const sizes = { main: { width: 1920, height: 1080 }, sub: { width: 640, height: 360 } };

/** Loads a clip of `clip/` and plans the filler that lifts it to the bit rate. */
export const loadClip = async ({ name, codec = "h264", bitrateKbps, overhead }: ClipOptions): Promise<Clip> => {
  const nals = splitAnnexB(await readFile(new URL(`clip/${name}.${codec}`, import.meta.url)));
  const { typeOf, ...types } = codecs[codec];
  const find = (type: number | undefined): Buffer | undefined => nals.find((nal) => typeOf(nal) === type);
  const [vps, sps, pps] = [find(types.vps), find(types.sps), find(types.pps)];
  if (sps === undefined || pps === undefined) throw new Error(`clip/${name}.${codec} lacks parameter sets`);
  const pictures = fill(groupPictures(nals, codec), { bitrateKbps, overhead });
  return { codec, pictures, vps, sps, pps, ...sizes[name] };
};

/** The clip has one slice a picture, so a slice ends its picture. */
const groupPictures = (nals: readonly Buffer[], codec: VideoCodec): Omit<Picture, "filler">[] => {
  const { typeOf, isSlice, isKey } = codecs[codec];
  const pictures: Omit<Picture, "filler">[] = [];
  let pending: Buffer[] = [];
  for (const nal of nals) {
    pending.push(nal);
    if (!isSlice(typeOf(nal))) continue;
    pictures.push({ nals: pending, key: isKey(typeOf(nal)) });
    pending = [];
  }
  return pictures;
};

/**
 * Spends each picture's share of the bit rate: what a large picture overdraws, the next ones go without.
 * Planned over two rounds, of which the second is the loop's steady state.
 */
const fill = (
  pictures: readonly Omit<Picture, "filler">[],
  { bitrateKbps, overhead }: Pick<ClipOptions, "bitrateKbps" | "overhead">,
): Picture[] => {
  const share = (bitrateKbps * 1_000) / 8 / framesPerSecond;
  let credit = 0;
  const spend = (picture: Omit<Picture, "filler">): Picture => {
    credit += share - overhead - picture.nals.reduce((sum, nal) => sum + nal.length, 0);
    // A filler NAL unit is a header and a trailing byte at least.
    const filler = credit >= 3 ? Math.floor(credit) : 0;
    credit -= filler;
    return { ...picture, filler };
  };
  pictures.forEach(spend);
  return pictures.map(spend);
};

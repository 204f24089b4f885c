import { box, fullBox, u16, u32 } from "./box.ts";
import { trackIds, type Mp4Track } from "./mp4-track.ts";
import { describeSamples, type PictureParameters, type SampleDescription } from "./sample-description.ts";

/** The beginning of a fragmented file, and what a player is told of it. */
export interface InitSegment {
  /** ftyp and moov. */
  readonly bytes: Buffer;
  /** `video/mp4; codecs="avc1.4d4028,mp4a.40.2"` */
  readonly mime: string;
  readonly picture: PictureParameters;
}

interface Described {
  readonly track: Mp4Track;
  readonly description: SampleDescription;
}

/** Milliseconds: nothing but the movie header counts in it. */
const movieTimescale = 1_000;

// ISO/IEC 14496-12 8.2.2: no rotation, no scaling.
const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

// ISO/IEC 14496-12 8.2.2
const mvhd = fullBox(
  "mvhd",
  {},
  u32(0, 0, movieTimescale, 0, 0x10000),
  u16(0x100, 0),
  u32(0, 0),
  matrix,
  Buffer.alloc(24),
  u32(1 + Math.max(...Object.values(trackIds))),
);

// ISO/IEC 14496-12 8.3.2: enabled, and in the movie.
const tkhd = ({ track, description: { picture } }: Described): Buffer =>
  fullBox(
    "tkhd",
    { flags: 3 },
    u32(0, 0, trackIds[track.kind], 0, 0, 0, 0),
    u16(0, 0, track.kind === "audio" ? 0x100 : 0, 0),
    matrix,
    u32((picture?.width ?? 0) * 0x10000, (picture?.height ?? 0) * 0x10000),
  );

/** "und", in three times five bits. ISO/IEC 14496-12 8.4.2 */
const undetermined = 0x55c4;

const mdia = ({ track, description }: Described): Buffer => {
  const handler = track.kind === "video" ? "vide" : "soun";
  const header = track.kind === "video" ? fullBox("vmhd", { flags: 1 }, u32(0, 0)) : fullBox("smhd", {}, u32(0));
  // What follows is in fragments, so the tables of the movie itself are empty.
  const stbl = box(
    "stbl",
    fullBox("stsd", {}, u32(1), description.entry),
    fullBox("stts", {}, u32(0)),
    fullBox("stsc", {}, u32(0)),
    fullBox("stsz", {}, u32(0, 0)),
    fullBox("stco", {}, u32(0)),
  );
  // The data are in this very file.
  const dinf = box("dinf", fullBox("dref", {}, u32(1), fullBox("url ", { flags: 1 })));
  return box(
    "mdia",
    fullBox("mdhd", {}, u32(0, 0, track.timescale, 0), u16(undetermined, 0)),
    fullBox("hdlr", {}, u32(0), Buffer.from(handler), u32(0, 0, 0), Buffer.from("\0")),
    box("minf", header, dinf, stbl),
  );
};

// ISO/IEC 14496-12 8.8.3: every fragment says the rest itself.
const trex = ({ track }: Described): Buffer => fullBox("trex", {}, u32(trackIds[track.kind], 1, 0, 0, 0));

const ftyp = box("ftyp", Buffer.from("iso6"), u32(0), Buffer.from("iso6mp41"));

/**
 * The beginning of a file with one picture track and sound, if any. Undefined where the picture cannot be described; sound that
 * cannot be is left out. Never throws.
 */
export const initSegment = (tracks: readonly Mp4Track[]): InitSegment | undefined => {
  const described = tracks.flatMap((track) => {
    const description = describeSamples(track);
    return description === undefined ? [] : [{ track, description }];
  });
  const picture = described.find(({ description }) => description.picture !== undefined)?.description.picture;
  if (picture === undefined) return undefined;
  const traks = described.map((one) => box("trak", tkhd(one), mdia(one)));
  const moov = box("moov", mvhd, ...traks, box("mvex", ...described.map(trex)));
  const codecs = described.map(({ description }) => description.codec).join(",");
  return { bytes: Buffer.concat([ftyp, moov]), mime: `video/mp4; codecs="${codecs}"`, picture };
};

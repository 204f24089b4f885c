import type { AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { AudioTrack, ParameterSets, VideoTrack } from "../../domain/track.ts";

export const parameterSets: ParameterSets = {
  sps: Buffer.from("6742c01fd9005005bb011000000300100000030320", "hex"),
  pps: Buffer.from("68cb83cb20", "hex"),
};
/** Of pictures that may come in another order than they are shown in. */
export const reorderingSets: ParameterSets = {
  sps: Buffer.from("67640028acd940780227e5c044000003000400000300c83c60c658", "hex"),
  pps: Buffer.from("68cb83cb20", "hex"),
};
export const videoTrack: VideoTrack = { kind: "video", codec: "h264", clockRate: 90_000, parameterSets };
export const opusTrack: AudioTrack = { kind: "audio", codec: "opus", clockRate: 48_000, channels: 2 };

export interface PictureOptions {
  readonly key?: boolean;
  /** Ticks of 90 kHz. */
  readonly timestamp?: number;
  readonly arrivedAt?: number;
  /** Of its one slice. */
  readonly size?: number;
  /** Put before the slice. */
  readonly before?: readonly Buffer[];
  /** Fills the slice, so that pictures can be told apart. */
  readonly fill?: number;
}

export const makePicture = (options: PictureOptions = {}): VideoUnit => {
  const { key = false, timestamp = 0, arrivedAt = 0, size = 100, before = [], fill = 0xaa } = options;
  const slice = Buffer.alloc(size, fill);
  slice.writeUInt8(key ? 0x65 : 0x41, 0);
  const nals = [...before, slice];
  return {
    kind: "video",
    timestamp,
    key,
    nals,
    bytes: nals.reduce((bytes, nal) => bytes + nal.length, 0),
    arrivedAt,
  };
};

export const makeSound = (options: { timestamp?: number; arrivedAt?: number; data?: Buffer } = {}): AudioUnit => {
  const { timestamp = 0, arrivedAt = 0, data = Buffer.alloc(40, 0xf8) } = options;
  return { kind: "audio", timestamp, data, bytes: data.length, arrivedAt };
};

/** Pictures as a camera sends them: `count` of them, `fps` a second, the first a key picture unless told. */
export const makePictures = (
  options: PictureOptions & { readonly count: number; readonly fps?: number; readonly keySize?: number },
): VideoUnit[] => {
  const { count, fps = 25, key = true, timestamp = 0, arrivedAt = 0, keySize, ...rest } = options;
  return Array.from({ length: count }, (_, index) => {
    const first = index === 0 && key;
    return makePicture({
      ...rest,
      key: first,
      timestamp: timestamp + (index * 90_000) / fps,
      arrivedAt: arrivedAt + (index * 1_000) / fps,
      fill: index % 251,
      ...(first && keySize !== undefined ? { size: keySize } : {}),
    });
  });
};

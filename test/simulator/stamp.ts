import { codecs, escapePayload, unescapePayload, type VideoCodec } from "./nal.ts";

/** Where a stamp was put. */
export const planes = ["main", "sub", "snapshot"] as const;
export type Plane = (typeof planes)[number];

/**
 * What the simulator writes into every picture it sends, so that latency, freezes and pictures of the wrong camera show
 * without a decoder.
 */
export interface Stamp {
  /** The simulator's id: 1 to 32 bytes of ASCII. */
  readonly camera: string;
  readonly plane: Plane;
  /** Grows with every picture and never repeats, not even after a restart. */
  readonly frame: number;
  /** Milliseconds since the epoch by the host's clock, whatever the simulated camera's own clock says. */
  readonly sentAt: number;
}

/** Marks the stamp among other user data (H.264 D.2.6). */
const uuid = Buffer.from("6c1f0b7e2a5d4d0f9b3e8c47d1a06e52", "hex");
/** Longest id. */
export const idLength = 32;
/** Where its parts begin, counted from the mark. */
export const places = { camera: uuid.length, plane: uuid.length + idLength, frame: uuid.length + idLength + 1 };
export const stampLength = places.frame + 8 + 8;

const seiUnregistered = 5;

const encode = ({ camera, plane, frame, sentAt }: Stamp): Buffer => {
  const body = Buffer.alloc(stampLength);
  uuid.copy(body);
  body.write(camera, places.camera, idLength, "ascii");
  body.writeUInt8(planes.indexOf(plane), places.plane);
  body.writeBigUInt64BE(BigInt(frame), places.frame);
  body.writeBigUInt64BE(BigInt(Math.round(sentAt * 1_000)), places.frame + 8);
  return body;
};

const decode = (body: Buffer): Stamp | undefined => {
  if (body.length !== stampLength || !body.subarray(0, 16).equals(uuid)) return undefined;
  const plane = planes[body.readUInt8(places.plane)];
  if (plane === undefined) return undefined;
  return {
    camera: body.toString("ascii", places.camera, places.plane).replace(/\0+$/, ""),
    plane,
    frame: Number(body.readBigUInt64BE(places.frame)),
    sentAt: Number(body.readBigUInt64BE(places.frame + 8)) / 1_000,
  };
};

/** The stamp as an SEI NAL unit, to stand before the picture's first slice. */
export const stampNal = (stamp: Stamp, codec: VideoCodec = "h264"): Buffer => {
  const { header, sei } = codecs[codec];
  // One message of type 5; stop bit.
  const payload = Buffer.concat([Buffer.from([seiUnregistered, stampLength]), encode(stamp), Buffer.from([0x80])]);
  return Buffer.concat([header(sei), escapePayload(payload)]);
};

/** Bytes that `stampNal` adds to a picture, an escape byte or two, and the longer header of H.265, apart. */
export const stampNalLength = 1 + 2 + stampLength + 1;

/** The stamp among a picture's NAL units (no start codes) of either codec, if it has one. */
export const readStamp = (nals: readonly Buffer[]): Stamp | undefined => {
  for (const nal of nals) {
    // No SEI of one codec looks like one of the other.
    const codec = Object.values(codecs).find(({ typeOf, sei }) => typeOf(nal) === sei);
    const stamp = codec && findInSei(unescapePayload(nal.subarray(codec.headerLength)));
    if (stamp !== undefined) return stamp;
  }
  return undefined;
};

/** An SEI NAL unit may hold several messages (H.264 7.3.2.3). */
const findInSei = (payload: Buffer): Stamp | undefined => {
  let at = 0;
  const number = (): number => {
    let sum = 0;
    while (payload[at] === 0xff) {
      sum += 255;
      at += 1;
    }
    sum += payload[at] ?? 0;
    at += 1;
    return sum;
  };
  while (at + 2 < payload.length) {
    const type = number();
    const length = number();
    const stamp = type === seiUnregistered ? decode(payload.subarray(at, at + length)) : undefined;
    if (stamp !== undefined) return stamp;
    at += length;
  }
  return undefined;
};

/** The JPEG with the stamp in a comment segment right after its start. */
export const stampJpeg = (jpeg: Buffer, stamp: Stamp): Buffer => {
  const comment = Buffer.from([0xff, 0xfe, 0, stampLength + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), comment, encode(stamp), jpeg.subarray(2)]);
};

/** The stamp in a JPEG's comment segments, if it has one. */
export const readJpegStamp = (jpeg: Buffer): Stamp | undefined => {
  let at = 2;
  // Segments up to the start of scan, each with its length (ITU-T T.81 B.1.1.4).
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff && jpeg[at + 1] !== 0xda) {
    const length = jpeg.readUInt16BE(at + 2);
    const stamp = jpeg[at + 1] === 0xfe ? decode(jpeg.subarray(at + 4, at + 2 + length)) : undefined;
    if (stamp !== undefined) return stamp;
    at += 2 + length;
  }
  return undefined;
};

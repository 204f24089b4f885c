import { readFile } from "node:fs/promises";

export type SoundCodec = "opus" | "aac" | "pcmu" | "pcma";

/** What the microphone hears: a loop of frames of one length. */
export interface Sound {
  readonly codec: SoundCodec;
  readonly payloadType: number;
  readonly clockRate: number;
  /** As in the SDP's rtpmap. */
  readonly encoding: string;
  /** As in the SDP's fmtp. */
  readonly parameters?: string;
  readonly frameMs: number;
  /** RTP payloads, one a packet. */
  readonly frames: readonly Buffer[];
}

/** As many frames of 20 ms as the clips last, so that both come round together. */
const frameCount = 300;

export const loadSound = async (codec: SoundCodec): Promise<Sound> => {
  switch (codec) {
    case "opus":
      return {
        codec,
        payloadType: 97,
        clockRate: 48_000,
        encoding: "opus/48000/2",
        frameMs: 20,
        frames: await opusFrames(),
      };
    case "aac":
      return { codec, ...aacFormat, frames: await aacFrames() };
    case "pcmu":
      return { codec, payloadType: 0, clockRate: 8_000, encoding: "PCMU/8000", frameMs: 20, frames: tone(muLaw) };
    case "pcma":
      return { codec, payloadType: 8, clockRate: 8_000, encoding: "PCMA/8000", frameMs: 20, frames: tone(aLaw) };
  }
};

const opusFrames = async (): Promise<Buffer[]> => {
  // The first two packets are the file's headers (RFC 7845 3).
  const packets = oggPackets(await readFile(new URL("clip/sound.opus", import.meta.url)));
  return packets.slice(2, 2 + frameCount);
};

/** AAC-LC of one channel, 1,024 samples a frame (RFC 3640 4.1). */
const aacFormat = {
  payloadType: 97,
  clockRate: 16_000,
  encoding: "MPEG4-GENERIC/16000/1",
  parameters: "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408",
  frameMs: 64,
} as const;

/** Eight seconds, a whole number of frames and of the tune's rounds. */
const aacFrameCount = 125;

/** The frames of an ADTS stream (ISO/IEC 13818-7 6.2), each behind the header of RFC 3640 3.2.1. */
const aacFrames = async (): Promise<Buffer[]> => {
  const file = await readFile(new URL("clip/sound.aac", import.meta.url));
  const frames: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const end = at + ((file.readUIntBE(at + 3, 3) >> 5) & 0x1fff);
    const unit = file.subarray(at + 7, end);
    const header = Buffer.from([0, 16, 0, 0]);
    header.writeUInt16BE(unit.length << 3, 2);
    frames.push(Buffer.concat([header, unit]));
    at = end;
  }
  return frames.slice(0, aacFrameCount);
};

/** Packets of an Ogg stream: runs of segments, each run ended by one shorter than 255 bytes (RFC 3533 6). */
const oggPackets = (file: Buffer): Buffer[] => {
  const packets: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let page = 0; page < file.length;) {
    const segments = file.subarray(page + 27, page + 27 + file.readUInt8(page + 26));
    page += 27 + segments.length;
    for (const length of segments) {
      parts.push(file.subarray(page, page + length));
      page += length;
      if (length === 255) continue;
      packets.push(Buffer.concat(parts));
      parts = [];
    }
  }
  return packets;
};

/** A tone of 400 Hz, eight whole periods a frame, so that the loop has no seam. */
const tone = (law: (sample: number) => number): Buffer[] => {
  const frame = Buffer.from(
    Array.from({ length: 160 }, (_, n) => law(Math.round(6_000 * Math.sin((2 * Math.PI * 400 * n) / 8_000)))),
  );
  return Array.from({ length: frameCount }, () => frame);
};

/** ITU-T G.711 for 16-bit samples. */
const muLaw = (sample: number): number => {
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
};

/** The other law of ITU-T G.711: sixteen steps a segment, even bits inverted. */
const aLaw = (sample: number): number => {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const exponent = Math.max(1, 28 - Math.clz32(magnitude));
  const code = magnitude < 32 ? magnitude : (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0f);
  return ((sample < 0 ? 0 : 0x80) | code) ^ 0x55;
};

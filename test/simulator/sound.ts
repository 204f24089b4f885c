import { readFile } from "node:fs/promises";

/** What the microphone hears: a loop of frames of 20 ms. */
export interface Sound {
  readonly codec: "opus" | "pcmu";
  readonly payloadType: number;
  readonly clockRate: number;
  /** As in the SDP's rtpmap. */
  readonly encoding: string;
  readonly frames: readonly Buffer[];
}

export const soundFrameMs = 20;
/** The loop is as long as the clips, so both come round together. */
const frameCount = 300;

export const loadSound = async (codec: Sound["codec"]): Promise<Sound> =>
  codec === "opus"
    ? { codec, payloadType: 97, clockRate: 48_000, encoding: "opus/48000/2", frames: await opusFrames() }
    : { codec, payloadType: 0, clockRate: 8_000, encoding: "PCMU/8000", frames: pcmuFrames() };

const opusFrames = async (): Promise<Buffer[]> => {
  // The first two packets are the file's headers (RFC 7845 3).
  const packets = oggPackets(await readFile(new URL("clip/sound.opus", import.meta.url)));
  return packets.slice(2, 2 + frameCount);
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
const pcmuFrames = (): Buffer[] => {
  const tone = Buffer.from(
    Array.from({ length: 160 }, (_, n) => muLaw(Math.round(6_000 * Math.sin((2 * Math.PI * 400 * n) / 8_000)))),
  );
  return Array.from({ length: frameCount }, () => tone);
};

/** ITU-T G.711 for 16-bit samples. */
const muLaw = (sample: number): number => {
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
};

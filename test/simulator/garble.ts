import { randomFillSync } from "node:crypto";

const interleavedHeader = 4;
const rtpHeader = 12;
/** Announced by no description. */
const strangeType = 127;
const strangeChannel = 77;

/** Interleaved frames with the same framing and nothing right in them: payloads, payload types, whole headers, channels. */
export const garble = (frames: Buffer): Buffer => {
  const garbled = Buffer.from(frames);
  for (let at = 0, index = 0; at + interleavedHeader <= garbled.length; index += 1) {
    const end = at + interleavedHeader + garbled.readUInt16BE(at + 2);
    const packet = garbled.subarray(at + interleavedHeader, end);
    const damage = index % 5;
    if (damage === 4) randomFillSync(packet);
    else randomFillSync(packet.subarray(Math.min(rtpHeader, packet.length)));
    if (damage === 2) packet.writeUInt8(strangeType, 1);
    if (damage === 3) garbled.writeUInt8(strangeChannel, at + 1);
    at = end;
  }
  return garbled;
};

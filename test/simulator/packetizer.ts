import { nalType265, type VideoCodec } from "./nal.ts";

const fuA = 28;
const fragmentationUnit = 49;

/**
 * RTP payloads for one picture: single NAL units and fragments (RFC 6184 5.6, 5.8; RFC 7798 4.4.1, 4.4.3). The last one ends the
 * picture.
 */
export const packetize = (nals: readonly Buffer[], maxPayload: number, codec: VideoCodec = "h264"): Buffer[] => {
  const fragment = codec === "h264" ? fragment264 : fragment265;
  return nals.flatMap((nal) => (nal.length <= maxPayload ? [nal] : fragment(nal, maxPayload)));
};

const fragment264 = (nal: Buffer, maxPayload: number): Buffer[] => {
  const header = nal[0] ?? 0;
  return cut(nal.subarray(1), maxPayload - 2).map(({ part, where }) =>
    Buffer.concat([Buffer.from([(header & 0xe0) | fuA, where | (header & 0x1f)]), part]),
  );
};

const fragment265 = (nal: Buffer, maxPayload: number): Buffer[] => {
  const [first = 0, second = 0] = nal;
  return cut(nal.subarray(2), maxPayload - 3).map(({ part, where }) =>
    Buffer.concat([Buffer.from([(first & 0x81) | (fragmentationUnit << 1), second, where | nalType265(nal)]), part]),
  );
};

/** In pieces, each with the bits that mark the first and the last. */
const cut = (body: Buffer, size: number): { readonly part: Buffer; readonly where: number }[] =>
  Array.from({ length: Math.ceil(body.length / size) }, (_, index) => ({
    part: body.subarray(index * size, (index + 1) * size),
    where: (index === 0 ? 0x80 : 0) | ((index + 1) * size >= body.length ? 0x40 : 0),
  }));

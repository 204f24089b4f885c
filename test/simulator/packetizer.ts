const fuA = 28;

/** RTP payloads for one picture: single NAL units and FU-A fragments (RFC 6184 5.6, 5.8). The last one ends the picture. */
export const packetize = (nals: readonly Buffer[], maxPayload: number): Buffer[] =>
  nals.flatMap((nal) => (nal.length <= maxPayload ? [nal] : fragment(nal, maxPayload)));

const fragment = (nal: Buffer, maxPayload: number): Buffer[] => {
  const header = nal[0] ?? 0;
  const body = nal.subarray(1);
  const size = maxPayload - 2;
  return Array.from({ length: Math.ceil(body.length / size) }, (_, index) => {
    const part = body.subarray(index * size, (index + 1) * size);
    const start = index === 0 ? 0x80 : 0;
    const end = (index + 1) * size >= body.length ? 0x40 : 0;
    return Buffer.concat([Buffer.from([(header & 0xe0) | fuA, start | end | (header & 0x1f)]), part]);
  });
};

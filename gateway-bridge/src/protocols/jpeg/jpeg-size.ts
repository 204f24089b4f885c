/** Pixels of a JPEG picture. */
export interface JpegSize {
  readonly width: number;
  readonly height: number;
}

/** ITU-T T.81 table B.1 */
const markers = { temporary: 0x01, restart0: 0xd0, startOfImage: 0xd8, endOfImage: 0xd9, startOfScan: 0xda } as const;
/** Start of frame, of every coding process; what lies between them are tables. ITU-T T.81 table B.1 */
const tablesAmongFrames: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
const isStartOfFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && !tablesAmongFrames.has(marker);
/** Those that stand alone, without a length. ITU-T T.81 B.1.1.4 */
const standsAlone = (marker: number): boolean =>
  marker === markers.temporary || (marker >= markers.restart0 && marker <= markers.startOfImage);

/** More segments than any picture has before its frame; bounds the work on a hostile one. */
const maxSegments = 512;

/** Whether the bytes begin as a JPEG does: a start of image, and a marker after it. ITU-T T.81 B.2.1 */
export const isJpeg = (body: Buffer): boolean => body.length > 4 && body.readUIntBE(0, 3) === 0xffd8ff;

/**
 * The size that a JPEG's frame header tells; undefined for anything else, and for a picture whose header comes after a scan.
 * Never throws, and reads no more than the headers.
 */
export const readJpegSize = (body: Buffer): JpegSize | undefined => {
  if (!isJpeg(body)) return undefined;
  let at = 2;
  for (let segment = 0; segment < maxSegments; segment += 1) {
    if (body[at] !== 0xff) return undefined;
    // Any number of fill bytes. ITU-T T.81 B.1.1.2
    while (body[at] === 0xff) at += 1;
    const marker = body[at];
    at += 1;
    if (marker === undefined || marker === 0 || marker === markers.endOfImage || marker === markers.startOfScan) break;
    if (standsAlone(marker)) continue;
    if (at + 2 > body.length) break;
    if (isStartOfFrame(marker)) return readFrame(body, at);
    at += Math.max(2, body.readUInt16BE(at));
  }
  return undefined;
};

// ITU-T T.81 B.2.2: length, precision, lines, samples a line.
const readFrame = (body: Buffer, at: number): JpegSize | undefined => {
  if (at + 8 > body.length || body.readUInt16BE(at) < 8) return undefined;
  const height = body.readUInt16BE(at + 3);
  const width = body.readUInt16BE(at + 5);
  return width > 0 && height > 0 ? { width, height } : undefined;
};

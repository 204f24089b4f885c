/** First bytes of every page. RFC 3533 6 */
export const capturePattern = Buffer.from("OggS", "latin1");
/** Up to the lacing values. */
export const pageHeaderSize = 27;

/** header_type_flag. RFC 3533 6 */
export const pageFlags = { continued: 1, first: 2 } as const;

const polynomial = 0x04c1_1db7;
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc < 0 ? polynomial : 0);
  return crc;
});

/** Not the reflected CRC-32 of zlib. RFC 3533 6 */
const crcOf = (bytes: Buffer): number => {
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 0xff] ?? 0);
  return crc >>> 0;
};

export interface OggPage {
  readonly flags: number;
  /** Samples from the start to the end of the page's packet. */
  readonly granule: bigint;
  readonly serial: number;
  readonly sequence: number;
}

/**
 * A page with one whole packet.
 * @throws RangeError for a packet of 65,025 bytes or more
 */
export const writePage = ({ flags, granule, serial, sequence }: OggPage, packet: Buffer): Buffer => {
  const full = Math.floor(packet.length / 255);
  if (full > 254) throw new RangeError("The packet does not fit into one Ogg page.");
  const page = Buffer.alloc(pageHeaderSize + full + 1 + packet.length, 255);
  capturePattern.copy(page);
  page.writeUInt16BE(flags, 4);
  page.writeBigInt64LE(granule, 6);
  page.writeUInt32LE(serial, 14);
  page.writeUInt32LE(sequence, 18);
  page.writeUInt32LE(0, 22);
  page.writeUInt8(full + 1, 26);
  page.writeUInt8(packet.length % 255, pageHeaderSize + full);
  packet.copy(page, pageHeaderSize + full + 1);
  page.writeUInt32LE(crcOf(page), 22);
  return page;
};

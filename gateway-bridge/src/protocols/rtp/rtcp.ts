import type { NtpTime } from "./ntp-time.ts";

/** What a receiver tells of one source that it hears. RFC 3550 6.4.1 */
export interface ReportBlock {
  /** The source that is reported on. */
  readonly ssrc: number;
  /** Packets lost since the last report, in 1/256 of those expected. */
  readonly fractionLost: number;
  /** Signed: duplicates make it negative. */
  readonly cumulativeLost: number;
  /** Highest sequence number received, with the count of its wraps above 2^16. */
  readonly highestSequence: number;
  /** Ticks of the source's clock. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report; 0 when there was none. */
  readonly lastSenderReport: number;
  /** Since that report, in units of 2^-16 s. */
  readonly delaySinceLastSenderReport: number;
}

export interface SenderReport {
  readonly kind: "sender-report";
  readonly ssrc: number;
  readonly ntp: NtpTime;
  /** The same moment on the RTP clock. */
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  /** Payload bytes, without headers. */
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

export interface ReceiverReport {
  readonly kind: "receiver-report";
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

export interface SourceDescription {
  readonly kind: "source-description";
  readonly chunks: readonly { readonly ssrc: number; readonly cname: string | undefined }[];
}

export interface Bye {
  readonly kind: "bye";
  readonly ssrcs: readonly number[];
  readonly reason: string | undefined;
}

export type RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Bye;

const types = { senderReport: 200, receiverReport: 201, sourceDescription: 202, bye: 203 } as const;
const blockSize = 24;

const readBlocks = (body: Buffer, offset: number, count: number): readonly ReportBlock[] | undefined => {
  if (offset + count * blockSize > body.length) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * blockSize;
    return {
      ssrc: body.readUInt32BE(at),
      fractionLost: body.readUInt8(at + 4),
      cumulativeLost: body.readIntBE(at + 5, 3),
      highestSequence: body.readUInt32BE(at + 8),
      jitter: body.readUInt32BE(at + 12),
      lastSenderReport: body.readUInt32BE(at + 16),
      delaySinceLastSenderReport: body.readUInt32BE(at + 20),
    };
  });
};

// RFC 3550 6.4.1. `body` starts after the 4 bytes that all kinds share.
const readSenderReport = (body: Buffer, count: number): SenderReport | undefined => {
  const reports = body.length < 24 ? undefined : readBlocks(body, 24, count);
  if (reports === undefined) return undefined;
  return {
    kind: "sender-report",
    ssrc: body.readUInt32BE(0),
    ntp: { seconds: body.readUInt32BE(4), fraction: body.readUInt32BE(8) },
    rtpTimestamp: body.readUInt32BE(12),
    packetCount: body.readUInt32BE(16),
    octetCount: body.readUInt32BE(20),
    reports,
  };
};

// RFC 3550 6.4.2
const readReceiverReport = (body: Buffer, count: number): ReceiverReport | undefined => {
  const reports = body.length < 4 ? undefined : readBlocks(body, 4, count);
  return reports && { kind: "receiver-report", ssrc: body.readUInt32BE(0), reports };
};

// RFC 3550 6.5: chunks of SSRC and items, each chunk ended by a zero and filled up to 4 bytes.
const readSourceDescription = (body: Buffer, count: number): SourceDescription | undefined => {
  const chunks: { ssrc: number; cname: string | undefined }[] = [];
  let at = 0;
  for (let chunk = 0; chunk < count; chunk += 1) {
    if (at + 4 > body.length) return undefined;
    const ssrc = body.readUInt32BE(at);
    let cname: string | undefined;
    at += 4;
    while (at < body.length && body[at] !== 0) {
      const end = at + 2 + (body[at + 1] ?? body.length);
      if (end > body.length) return undefined;
      if (body[at] === 1) cname = body.toString("utf8", at + 2, end);
      at = end;
    }
    at = (at + 4) & ~3;
    chunks.push({ ssrc, cname });
  }
  return { kind: "source-description", chunks };
};

// RFC 3550 6.6
const readBye = (body: Buffer, count: number): Bye | undefined => {
  const reasonAt = 4 * count;
  if (reasonAt > body.length) return undefined;
  const ssrcs = Array.from({ length: count }, (_, index) => body.readUInt32BE(4 * index));
  const length = body[reasonAt];
  const whole = length !== undefined && reasonAt + 1 + length <= body.length;
  return { kind: "bye", ssrcs, reason: whole ? body.toString("utf8", reasonAt + 1, reasonAt + 1 + length) : undefined };
};

const readBody = (type: number, body: Buffer, count: number): RtcpPacket | undefined => {
  if (type === types.senderReport) return readSenderReport(body, count);
  if (type === types.receiverReport) return readReceiverReport(body, count);
  if (type === types.sourceDescription) return readSourceDescription(body, count);
  if (type === types.bye) return readBye(body, count);
  return undefined;
};

/**
 * The packets of a compound, as far as they are whole. Kinds not listed in `RtcpPacket` and packets whose content does not fit
 * their length are skipped; where a length leads past the end, reading stops. Never throws.
 */
export const parseRtcp = (bytes: Buffer): readonly RtcpPacket[] => {
  const packets: RtcpPacket[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const first = bytes.readUInt8(at);
    const end = at + 4 + 4 * bytes.readUInt16BE(at + 2);
    if (first >> 6 !== 2 || end > bytes.length) break;
    const padding = (first & 0x20) === 0 ? 0 : bytes.readUInt8(end - 1);
    const body = bytes.subarray(at + 4, Math.max(at + 4, end - padding));
    const packet = readBody(bytes.readUInt8(at + 1), body, first & 0x1f);
    if (packet !== undefined) packets.push(packet);
    at = end;
  }
  return packets;
};

const header = (type: number, count: number, body: Buffer): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt8(0x80 | count, 0);
  bytes.writeUInt8(type, 1);
  bytes.writeUInt16BE(body.length / 4, 2);
  return Buffer.concat([bytes, body]);
};

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const writeBlock = (block: ReportBlock): Buffer => {
  const bytes = Buffer.allocUnsafe(blockSize);
  bytes.writeUInt32BE(block.ssrc >>> 0, 0);
  bytes.writeUInt8(clamp(block.fractionLost, 0, 255), 4);
  bytes.writeIntBE(clamp(block.cumulativeLost, -0x80_00_00, 0x7f_ff_ff), 5, 3);
  bytes.writeUInt32BE(block.highestSequence >>> 0, 8);
  bytes.writeUInt32BE(clamp(block.jitter, 0, 2 ** 32 - 1) >>> 0, 12);
  bytes.writeUInt32BE(block.lastSenderReport >>> 0, 16);
  bytes.writeUInt32BE(clamp(block.delaySinceLastSenderReport, 0, 2 ** 32 - 1) >>> 0, 20);
  return bytes;
};

/** Texts of SDES and BYE have a one-byte length. */
const lengthPrefixed = (text: string): Buffer => {
  const content = Buffer.from(text, "utf8").subarray(0, 255);
  return Buffer.concat([Buffer.from([content.length]), content]);
};

const padded = (bytes: Buffer, size: number): Buffer => Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);

const writeCname = (ssrc: number, cname: string): Buffer => {
  const chunk = Buffer.allocUnsafe(5);
  chunk.writeUInt32BE(ssrc >>> 0, 0);
  chunk.writeUInt8(1, 4);
  const items = Buffer.concat([chunk, lengthPrefixed(cname)]);
  return header(types.sourceDescription, 1, padded(items, (items.length + 4) & ~3));
};

/** Who reports: every compound names the sender by its CNAME. RFC 3550 6.1 */
export interface RtcpSender {
  readonly ssrc: number;
  readonly cname: string;
  /** At most 31. */
  readonly reports?: readonly ReportBlock[];
}

const writeReceiverReport = ({ ssrc, reports = [] }: RtcpSender): Buffer => {
  const own = Buffer.allocUnsafe(4);
  own.writeUInt32BE(ssrc >>> 0, 0);
  return header(types.receiverReport, reports.length, Buffer.concat([own, ...reports.map(writeBlock)]));
};

/** A compound of SR and SDES. Counts and timestamp are taken modulo 2^32. */
export const buildSenderReport = (
  report: RtcpSender & Pick<SenderReport, "ntp" | "rtpTimestamp" | "packetCount" | "octetCount">,
): Buffer => {
  const { ssrc, cname, reports = [] } = report;
  const own = Buffer.allocUnsafe(24);
  own.writeUInt32BE(ssrc >>> 0, 0);
  own.writeUInt32BE(report.ntp.seconds >>> 0, 4);
  own.writeUInt32BE(report.ntp.fraction >>> 0, 8);
  own.writeUInt32BE(report.rtpTimestamp >>> 0, 12);
  own.writeUInt32BE(report.packetCount >>> 0, 16);
  own.writeUInt32BE(report.octetCount >>> 0, 20);
  const body = Buffer.concat([own, ...reports.map(writeBlock)]);
  return Buffer.concat([header(types.senderReport, reports.length, body), writeCname(ssrc, cname)]);
};

/** A compound of RR and SDES. */
export const buildReceiverReport = (sender: RtcpSender): Buffer =>
  Buffer.concat([writeReceiverReport(sender), writeCname(sender.ssrc, sender.cname)]);

/** A compound of RR, SDES and BYE. */
export const buildBye = (sender: RtcpSender & { readonly reason?: string }): Buffer => {
  const ssrc = Buffer.allocUnsafe(4);
  ssrc.writeUInt32BE(sender.ssrc >>> 0, 0);
  const text = sender.reason === undefined ? Buffer.alloc(0) : lengthPrefixed(sender.reason);
  const body = Buffer.concat([ssrc, padded(text, (text.length + 3) & ~3)]);
  return Buffer.concat([buildReceiverReport(sender), header(types.bye, 1, body)]);
};

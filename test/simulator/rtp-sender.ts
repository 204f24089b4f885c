import { randomBytes } from "node:crypto";

export interface RtpSenderOptions {
  readonly payloadType: number;
  readonly clockRate: number;
  /** Interleaved channel of the RTP packets; RTCP goes on the next one. */
  readonly channel: number;
  readonly cname: string;
  /** Sets the marker on an access unit's last packet, as video does. */
  readonly marks: boolean;
}

const reportIntervalMs = 5_000;
/** Seconds from 1900 (NTP) to 1970. */
const ntpOffset = 2_208_988_800;

/** Makes one client's RTP and RTCP packets of one track, framed for an RTSP connection (RFC 3550, RFC 2326 10.12). */
export class RtpSender {
  readonly ssrc = randomBytes(4);
  readonly #options: RtpSenderOptions;
  readonly #timestampOffset = randomBytes(4).readUInt32BE();
  #sequence = randomBytes(2).readUInt16BE();
  #packets = 0;
  #octets = 0;
  #nextReportAt = 0;

  constructor(options: RtpSenderOptions) {
    this.#options = options;
  }

  /** Sequence number of the next packet. */
  get sequence(): number {
    return this.#sequence;
  }

  /** RTP time of a moment of the media clock. */
  timestamp(at: number): number {
    return (this.#timestampOffset + Math.round((at * this.#options.clockRate) / 1_000)) >>> 0;
  }

  /** The packets of one access unit, and a sender report when one is due. `now` is wall time. */
  frames(payloads: readonly Buffer[], { at, now }: { readonly at: number; readonly now: number }): Buffer {
    const { channel, payloadType, marks } = this.#options;
    const timestamp = this.timestamp(at);
    const parts = this.#reportIfDue(at, now);
    payloads.forEach((payload, index) => {
      const header = Buffer.alloc(16);
      header[0] = 0x24;
      header[1] = channel;
      header.writeUInt16BE(12 + payload.length, 2);
      header[4] = 0x80;
      header[5] = payloadType | (marks && index === payloads.length - 1 ? 0x80 : 0);
      header.writeUInt16BE(this.#sequence, 6);
      header.writeUInt32BE(timestamp, 8);
      this.ssrc.copy(header, 12);
      parts.push(header, payload);
      this.#sequence = (this.#sequence + 1) & 0xffff;
      this.#packets += 1;
      this.#octets += payload.length;
    });
    return Buffer.concat(parts);
  }

  #reportIfDue(at: number, now: number): Buffer[] {
    if (at < this.#nextReportAt) return [];
    this.#nextReportAt = at + reportIntervalMs;
    const report = Buffer.concat([this.#senderReport(at, now), this.#description()]);
    const header = Buffer.from([0x24, this.#options.channel + 1, 0, 0]);
    header.writeUInt16BE(report.length, 2);
    return [header, report];
  }

  #senderReport(at: number, now: number): Buffer {
    const report = Buffer.alloc(28);
    report.set([0x80, 200, 0, 6]);
    this.ssrc.copy(report, 4);
    report.writeUInt32BE((Math.floor(now / 1_000) + ntpOffset) >>> 0, 8);
    report.writeUInt32BE(Math.floor(((now % 1_000) / 1_000) * 2 ** 32), 12);
    report.writeUInt32BE(this.timestamp(at), 16);
    report.writeUInt32BE(this.#packets >>> 0, 20);
    report.writeUInt32BE(this.#octets >>> 0, 24);
    return report;
  }

  /** SDES with the CNAME that ties the tracks together. */
  #description(): Buffer {
    const cname = Buffer.from(this.#options.cname, "ascii");
    // At least one zero ends the item list, on a word boundary.
    const words = Math.ceil((8 + 2 + cname.length + 1) / 4);
    const description = Buffer.alloc(words * 4);
    description.set([0x81, 202, 0, words - 1]);
    this.ssrc.copy(description, 4);
    description.set([1, cname.length], 8);
    cname.copy(description, 10);
    return description;
  }
}

import { randomBytes, randomInt } from "node:crypto";

import type { RtpPayload } from "../../protocols/nal/rtp-payload.ts";
import type { NtpTime } from "../../protocols/rtp/ntp-time.ts";
import { buildBye, buildSenderReport } from "../../protocols/rtp/rtcp.ts";
import { rtpHeaderSize } from "../../protocols/rtp/rtp-packet.ts";
import {
  interleavedHeaderSize,
  interleavedSize,
  interleavePackets,
} from "../../protocols/rtsp-server/interleaved-packets.ts";
import type { Carrier } from "./carrier.ts";

export interface TrackOutletOptions {
  readonly carrier: Carrier;
  readonly payloadType: number;
  /** Ticks a second. */
  readonly clockRate: number;
  /** Names the sender of all tracks of a session. RFC 7022 */
  readonly cname: string;
}

/** Numbers one track's packets for one reader. Over pauses they count on. */
export class TrackOutlet implements Disposable {
  readonly ssrc: number = randomInt(2 ** 32);
  readonly #options: TrackOutletOptions;
  /** Where timestamps begin: random, as the sequence numbers. RFC 3550 5.1 */
  readonly #base = randomBytes(4).readUInt32BE();
  /** In the lower half: some players stumble over a wrap in the first second. */
  #sequence = randomInt(2 ** 15);
  #highest = -1;
  #packets = 0;
  #octets = 0;

  constructor(options: TrackOutletOptions) {
    this.#options = options;
  }

  get transport(): string {
    return `${this.#options.carrier.transport};ssrc=${this.ssrc.toString(16).toUpperCase().padStart(8, "0")}`;
  }

  /** Whether what no longer waits was taken by the reader. */
  get reliable(): boolean {
    return this.#options.carrier.reliable;
  }

  /** Highest timestamp that was sent, in ticks; -1 for none. Over pauses, too, the next is to be higher. */
  get highest(): number {
    return this.#highest;
  }

  get sent(): { readonly packets: number; readonly octets: number } {
    return { packets: this.#packets, octets: this.#octets };
  }

  /** For RTP-Info: the number that comes next, and the timestamp of a media time in ms. RFC 2326 12.33 */
  startAt(positionMs: number): { readonly sequence: number; readonly timestamp: number } {
    const ticks = Math.max(this.#highest + 1, this.#ticks(positionMs));
    return { sequence: this.#sequence & 0xffff, timestamp: this.#timestamp(ticks) };
  }

  /** Sends what shares one timestamp, in ticks of the clock rate. False when some of it has to wait. */
  send(payloads: readonly RtpPayload[], ticks: number): boolean {
    if (payloads.length === 0) return true;
    const { carrier, payloadType } = this.#options;
    const run = {
      channel: carrier.channel,
      payloadType,
      ssrc: this.ssrc,
      sequence: this.#sequence,
      timestamp: this.#timestamp(ticks),
    };
    const packets = interleavePackets(payloads, run, carrier.memory(interleavedSize(payloads)));
    this.#highest = Math.max(this.#highest, ticks);
    this.#sequence += payloads.length;
    this.#packets += payloads.length;
    this.#octets += packets.length - payloads.length * (interleavedHeaderSize + rtpHeaderSize);
    return carrier.send(packets);
  }

  /** Says which media time in ms is live at a moment, so that the reader can lay tracks side by side. */
  report(ntp: NtpTime, positionMs: number): void {
    const { carrier, cname } = this.#options;
    const rtpTimestamp = this.#timestamp(this.#ticks(positionMs));
    const counts = { packetCount: this.#packets, octetCount: this.#octets };
    carrier.sendReport(buildSenderReport({ ssrc: this.ssrc, cname, ntp, rtpTimestamp, ...counts }));
  }

  /** The track ends for good. */
  bye(): void {
    const { carrier, cname } = this.#options;
    carrier.sendReport(buildBye({ ssrc: this.ssrc, cname }));
  }

  [Symbol.dispose](): void {
    this.#options.carrier[Symbol.dispose]();
  }

  #ticks(positionMs: number): number {
    return (positionMs * this.#options.clockRate) / 1_000;
  }

  #timestamp(ticks: number): number {
    return (this.#base + Math.round(ticks)) % 2 ** 32;
  }
}

import { ReceptionStatistics, type ReceptionTotals } from "../rtp/reception.ts";
import { parseRtcp, type ReportBlock } from "../rtp/rtcp.ts";
import { readRtp, type RtpPacket } from "../rtp/rtp-packet.ts";

/** So many packets of another source in a row, and the announced one is believed to have been replaced. */
const strangersToBelieve = 64;

/** What arrives of one track, as packets and as figures for receiver reports. Times are Clock.monotonic(). */
export class TrackReception {
  readonly #statistics: ReceptionStatistics;
  /** The source that packets must be of; undefined while any will do. */
  #ssrc: number | undefined;
  /** The announced source was heard: until then its announcement may be wrong. */
  #heard = false;
  #strangers = 0;

  constructor(clockRate: number) {
    this.#statistics = new ReceptionStatistics(clockRate);
  }

  /** The server says which source the track is of. Some are wrong, so it counts only once that source was heard. */
  announce(ssrc: number): void {
    this.#ssrc = ssrc;
    this.#heard = false;
  }

  /** The packet; undefined where it is damaged, or left over from somebody else's session. `arrivedAt` where that is known. */
  receive(bytes: Buffer, arrivedAt: number | undefined): RtpPacket | undefined {
    const packet = readRtp(bytes);
    if (packet === undefined || !this.#isOurs(packet.ssrc)) return undefined;
    this.#statistics.receive(packet, arrivedAt);
    return packet;
  }

  /** Takes RTCP; true if it says that the source has ended. */
  receiveControl(bytes: Buffer, arrivedAt: number): boolean {
    let ended = false;
    for (const packet of parseRtcp(bytes)) {
      if (packet.kind === "sender-report") this.#statistics.noteSenderReport(packet, arrivedAt);
      if (packet.kind === "bye" && this.#heard) ended ||= packet.ssrcs.some((ssrc) => ssrc === this.#ssrc);
    }
    return ended;
  }

  get totals(): ReceptionTotals {
    return this.#statistics.totals;
  }

  report(now: number): ReportBlock | undefined {
    return this.#statistics.report(now);
  }

  #isOurs(ssrc: number): boolean {
    if (ssrc === this.#ssrc) {
      this.#heard = true;
      this.#strangers = 0;
      return true;
    }
    if (!this.#heard) {
      // Without an announcement, the first source is the one.
      if (this.#ssrc === undefined) this.#follow(ssrc);
      return true;
    }
    this.#strangers += 1;
    if (this.#strangers < strangersToBelieve) return false;
    this.#follow(ssrc);
    return true;
  }

  #follow(ssrc: number): void {
    this.#ssrc = ssrc;
    this.#heard = true;
    this.#strangers = 0;
  }
}

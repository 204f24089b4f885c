import { middleOfNtp } from "./ntp-time.ts";
import type { ReportBlock, SenderReport } from "./rtcp.ts";
import type { RtpHeader } from "./rtp-packet.ts";

/** A jump ahead by fewer packets is loss, by more a restart of the source. RFC 3550 A.1 */
const maxDropout = 3_000;
/** A packet that is late by fewer is reordered. RFC 3550 A.1 */
const maxMisorder = 100;

/** Figures since the first packet, over restarts of the source. */
export interface ReceptionTotals {
  readonly packets: number;
  readonly lost: number;
  /** RFC 3550 6.4.1 */
  readonly jitterMs: number;
}

/** Counts one source's packets into what receiver reports say of it. Times are Clock.monotonic() milliseconds. */
export class ReceptionStatistics {
  readonly #ticksPerMs: number;
  #ssrc: number | undefined;
  #base = 0;
  #highest = 0;
  #cycles = 0;
  /** The sequence number that would confirm a restart. */
  #restart = -1;
  #received = 0;
  /** Of sources, and of runs of numbers, that came before. */
  #before = { packets: 0, lost: 0 };
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit: number | undefined;
  #jitter = 0;
  #senderReport: { readonly middle: number; readonly arrivedAt: number } | undefined;

  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1_000;
  }

  /** @param arrivedAt undefined where nobody knows exactly: it tells nothing of jitter then */
  receive(packet: RtpHeader, arrivedAt: number | undefined): void {
    if (packet.ssrc !== this.#ssrc) this.#changeSource(packet);
    if (!this.#follow(packet.sequence)) return;
    this.#received += 1;
    this.#measureJitter(packet.timestamp, arrivedAt);
  }

  noteSenderReport(report: SenderReport, arrivedAt: number): void {
    if (report.ssrc === this.#ssrc) this.#senderReport = { middle: middleOfNtp(report.ntp), arrivedAt };
  }

  get totals(): ReceptionTotals {
    const { packets, lost } = this.#before;
    return {
      packets: packets + this.#received,
      lost: lost + this.#lost,
      jitterMs: this.#jitter / this.#ticksPerMs,
    };
  }

  /** What happened since the last call; undefined before the first packet. RFC 3550 A.3 */
  report(now: number): ReportBlock | undefined {
    if (this.#ssrc === undefined) return undefined;
    const highest = this.#cycles + this.#highest;
    const expected = highest - this.#base + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const sinceReport = this.#senderReport === undefined ? 0 : now - this.#senderReport.arrivedAt;
    return {
      ssrc: this.#ssrc,
      fractionLost: expectedNow === 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: expected - this.#received,
      highestSequence: highest % 2 ** 32,
      jitter: Math.floor(this.#jitter),
      lastSenderReport: this.#senderReport?.middle ?? 0,
      delaySinceLastSenderReport: Math.floor((sinceReport * 65_536) / 1_000),
    };
  }

  /** Never negative: doubled packets count as received. */
  get #lost(): number {
    return this.#ssrc === undefined ? 0 : Math.max(0, this.#cycles + this.#highest - this.#base + 1 - this.#received);
  }

  #changeSource({ ssrc, sequence }: RtpHeader): void {
    this.#keepTotals();
    this.#ssrc = ssrc;
    this.#senderReport = undefined;
    this.#transit = undefined;
    this.#jitter = 0;
    this.#countFrom(sequence);
  }

  #keepTotals(): void {
    const { packets, lost } = this.#before;
    this.#before = { packets: packets + this.#received, lost: lost + this.#lost };
  }

  #countFrom(sequence: number): void {
    this.#base = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#restart = -1;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
  }

  /** Whether the packet counts. Without RFC 3550's probation: the source was announced when the stream was set up. */
  #follow(sequence: number): boolean {
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead < maxDropout) {
      if (sequence < this.#highest) this.#cycles += 65_536;
      this.#highest = sequence;
      this.#restart = -1;
      return true;
    }
    if (ahead > 65_536 - maxMisorder) return true;
    // Two packets in a row that far away: the source has restarted its numbers without saying so.
    if (sequence === this.#restart) {
      this.#keepTotals();
      this.#countFrom(sequence);
      return true;
    }
    this.#restart = (sequence + 1) & 0xffff;
    return false;
  }

  // RFC 3550 A.8
  #measureJitter(timestamp: number, arrivedAt: number | undefined): void {
    if (arrivedAt === undefined) {
      this.#transit = undefined;
      return;
    }
    const transit = Math.round(arrivedAt * this.#ticksPerMs) - timestamp;
    if (this.#transit !== undefined) {
      // Both clocks wrap at 2^32: the difference is taken as signed 32 bits.
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }
}

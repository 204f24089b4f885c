import { randomBytes } from "node:crypto";

import type { Clock } from "@gatehouse/shared";

import { PacketPace } from "../../media/pace/packet-pace.ts";
import { SenderReports } from "../../media/pace/sender-reports.ts";
import type { RtpPayload } from "../../protocols/h264/packetizer.ts";
import { PacketHistory } from "./packet-history.ts";
import type { OutgoingPacket, PeerTrack } from "./peer-connection.ts";

export interface TrackSenderOptions {
  readonly track: PeerTrack;
  /** Ticks a second of the RTP timestamps. */
  readonly clockRate: number;
  /** Names the sender of all tracks of a session. RFC 7022 */
  readonly cname: string;
  /** Media time in ms that is live at a moment of Clock.monotonic(). */
  readonly positionAt: (monotonic: number) => number;
  readonly clock: Clock;
  /** Everything is out again after `send` returned false. Never called from within `send`. */
  readonly onRoom: () => void;
}

const reportEveryMs = 1_000;
/** The system had no room: it will have some by then. */
const retryMs = 5;

/** Sends one track's payloads to one viewer, paced, numbered and stamped for it; again where asked; and reports on them. */
export class TrackSender implements Disposable {
  readonly #options: TrackSenderOptions;
  /** Where the RTP timestamps begin: random, as the sequence numbers. RFC 3550 5.1 */
  readonly #base = randomBytes(4).readUInt32BE();
  #sequence = randomBytes(2).readUInt16BE();
  readonly #pace = new PacketPace();
  readonly #history = new PacketHistory();
  #waiting: OutgoingPacket[] = [];
  #last = -1;
  #packets = 0;
  #octets = 0;
  #resent = 0;
  readonly #reports: SenderReports;
  #nextPackets: Disposable | undefined;

  constructor(options: TrackSenderOptions) {
    this.#options = options;
    const { track } = options;
    this.#reports = new SenderReports({
      ...options,
      ssrc: track.ssrc,
      base: this.#base,
      everyMs: reportEveryMs,
      sent: () => this.sent,
      send: (compound) => track.sendRtcp(compound),
    });
  }

  get sent(): { readonly packets: number; readonly octets: number; readonly resent: number } {
    return { packets: this.#packets, octets: this.#octets, resent: this.#resent };
  }

  /**
   * Sends what shares one timestamp, in ticks of the clock rate; it is raised where it would not pass the one before.
   * False means that some of it has to wait, for the pace or for the system; it is kept.
   */
  send(payloads: readonly RtpPayload[], ticks: number): boolean {
    if (payloads.length === 0) return true;
    this.#last = Math.max(this.#last + 1, Math.round(ticks));
    const timestamp = (this.#base + this.#last) % 2 ** 32;
    for (const { prefix, body, last } of payloads) {
      this.#waiting.push({ sequence: this.#sequence, timestamp, marker: last, prefix, body });
      this.#sequence = (this.#sequence + 1) & 0xffff;
    }
    const out = this.#flush();
    this.#reports.begin();
    return out;
  }

  /** Sends packets again that did not come, as far as the pace allows. */
  resend(lost: readonly number[]): void {
    const now = this.#options.clock.monotonic();
    for (const sequence of lost) {
      if (this.#pace.take(1, now) === 0) return;
      const packet = this.#history.take(sequence, now);
      if (packet === undefined) continue;
      this.#options.track.send(packet);
      this.#resent += 1;
    }
  }

  [Symbol.dispose](): void {
    this.#reports[Symbol.dispose]();
    this.#nextPackets?.[Symbol.dispose]();
    this.#waiting = [];
  }

  /** Whether everything is out. */
  #flush(): boolean {
    const { clock } = this.#options;
    this.#nextPackets?.[Symbol.dispose]();
    const allowed = this.#pace.take(this.#waiting.length, clock.monotonic());
    const sent = this.#give(allowed);
    this.#waiting.splice(0, sent);
    if (this.#waiting.length === 0) return true;
    const wait = sent < allowed ? retryMs : this.#pace.waitMs(this.#waiting.length);
    this.#nextPackets = clock.schedule(wait, () => {
      if (this.#flush()) this.#options.onRoom();
    });
    return false;
  }

  /** How many of the first so many packets the system took. */
  #give(count: number): number {
    const { track } = this.#options;
    for (let index = 0; index < count; index += 1) {
      const packet = this.#waiting[index];
      if (packet === undefined || !track.send(packet)) return index;
      this.#history.add(packet);
      this.#packets += 1;
      this.#octets += packet.prefix.length + packet.body.length;
    }
    return count;
  }
}

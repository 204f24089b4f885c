import { randomBytes } from "node:crypto";

import type { Clock } from "@gatehouse/shared";

import type { RtpPayload } from "../../protocols/h264/packetizer.ts";
import { SrtpEncryptor, type OutgoingRtp } from "../../protocols/srtp/srtp-encryptor.ts";
import { PacketPace } from "../../media/pace/packet-pace.ts";
import { SenderReports } from "../../media/pace/sender-reports.ts";
import type { SrtpSocket } from "./srtp-socket.ts";

export type OutletSocket = Pick<SrtpSocket, "ssrc" | "master" | "send" | "sendRtcp" | "queued" | "onDrained">;

export interface RtpOutletOptions {
  readonly socket: OutletSocket;
  readonly payloadType: number;
  readonly maxPayload: number;
  /** Packets that are kept while the system has no room for them. */
  readonly slots: number;
  /** Ticks a second of the RTP timestamps. */
  readonly clockRate: number;
  /** Names the sender of all tracks of a session. RFC 7022 */
  readonly cname: string;
  readonly reportEveryMs: number;
  /** Media time in ms that is live at a moment of Clock.monotonic(). */
  readonly positionAt: (monotonic: number) => number;
  readonly clock: Clock;
  /** Everything is out again after `send` returned false. Never called from within `send`. */
  readonly onRoom: () => void;
}

/** A viewer may ask for reports at any rate; more often helps nobody. */
const shortestReportMs = 200;

/** Sends one track's payloads to one viewer as SRTP, and reports on them. */
export class RtpOutlet implements Disposable {
  readonly #options: RtpOutletOptions;
  readonly #encryptor: SrtpEncryptor;
  /** Where the RTP timestamps begin: random, as the sequence numbers. RFC 3550 5.1 */
  readonly #base = randomBytes(4).readUInt32BE();
  readonly #pace = new PacketPace();
  readonly #waiting: OutgoingRtp[] = [];
  #last = -1;
  readonly #reports: SenderReports;
  #nextPackets: Disposable | undefined;

  constructor(options: RtpOutletOptions) {
    const { socket, payloadType, maxPayload, slots } = options;
    this.#options = options;
    this.#encryptor = new SrtpEncryptor(socket.master, { ssrc: socket.ssrc, payloadType, maxPayload, slots });
    this.#reports = new SenderReports({
      ...options,
      ssrc: socket.ssrc,
      base: this.#base,
      everyMs: Math.max(shortestReportMs, options.reportEveryMs),
      sent: () => this.#encryptor.sent,
      send: (compound) => socket.sendRtcp(compound),
    });
    socket.onDrained = () => this.#goOn();
  }

  get sent(): { readonly packets: number; readonly octets: number } {
    return this.#encryptor.sent;
  }

  /**
   * Sends what shares one timestamp, in ticks of the clock rate; it is raised where it would not pass the one before,
   * because Apple's players break on timestamps that step back. False means that some of it has to wait, for the pace
   * or for the system; it is kept.
   */
  send(payloads: readonly RtpPayload[], ticks: number): boolean {
    if (payloads.length === 0) return true;
    this.#last = Math.max(this.#last + 1, Math.round(ticks));
    const timestamp = this.#base + this.#last;
    for (const { prefix, body, last } of payloads) this.#waiting.push({ timestamp, marker: last, prefix, body });
    const out = this.#flush();
    this.#reports.begin();
    return out;
  }

  [Symbol.dispose](): void {
    this.#reports[Symbol.dispose]();
    this.#nextPackets?.[Symbol.dispose]();
    this.#options.socket.onDrained = undefined;
    this.#waiting.length = 0;
  }

  #goOn(): void {
    if (this.#flush()) this.#options.onRoom();
  }

  /** Whether everything is out. Never enciphers into a slot whose packet the system has not taken yet. */
  #flush(): boolean {
    const { socket, slots, clock } = this.#options;
    this.#nextPackets?.[Symbol.dispose]();
    while (this.#waiting.length > 0) {
      const room = Math.min(this.#waiting.length, slots - socket.queued);
      if (room <= 0) return false;
      const allowed = this.#pace.take(room, clock.monotonic());
      if (allowed === 0) {
        this.#nextPackets = clock.schedule(this.#pace.waitMs(this.#waiting.length), () => this.#goOn());
        return false;
      }
      socket.send(this.#encryptor.protect(this.#waiting.splice(0, allowed)));
    }
    return socket.queued === 0;
  }
}

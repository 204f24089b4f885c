import type { Clock } from "@gatehouse/shared";

import { toNtp } from "../../protocols/rtp/ntp-time.ts";
import { buildSenderReport } from "../../protocols/rtp/rtcp.ts";

export interface SenderReportsOptions {
  readonly ssrc: number;
  /** Names the sender of all tracks of a session. RFC 7022 */
  readonly cname: string;
  /** Ticks a second of the RTP timestamps, and where they begin. */
  readonly clockRate: number;
  readonly base: number;
  readonly everyMs: number;
  /** Media time in ms that is live at a moment of Clock.monotonic(). */
  readonly positionAt: (monotonic: number) => number;
  readonly clock: Clock;
  /** What was sent until now. */
  readonly sent: () => { readonly packets: number; readonly octets: number };
  readonly send: (compound: Buffer) => void;
}

/** Tells a viewer, again and again, which timestamp of a track is live now, so that it can lay tracks side by side. RFC 3550 6.4.1 */
export class SenderReports implements Disposable {
  readonly #options: SenderReportsOptions;
  #next: Disposable | undefined;

  constructor(options: SenderReportsOptions) {
    this.#options = options;
  }

  /** Sends the first, once: to be called when something was sent. */
  begin(): void {
    if (this.#next === undefined) this.#report();
  }

  [Symbol.dispose](): void {
    this.#next?.[Symbol.dispose]();
  }

  #report(): void {
    const { ssrc, cname, clockRate, base, everyMs, positionAt, clock, sent, send } = this.#options;
    const { packets: packetCount, octets: octetCount } = sent();
    const live = (positionAt(clock.monotonic()) * clockRate) / 1_000;
    const rtpTimestamp = base + Math.round(live);
    send(buildSenderReport({ ssrc, cname, ntp: toNtp(clock.now()), rtpTimestamp, packetCount, octetCount }));
    this.#next = clock.schedule(everyMs, () => this.#report());
  }
}

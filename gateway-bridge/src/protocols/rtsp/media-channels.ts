import { GatehouseError, type Clock } from "@gatehouse/shared";
import { randomBytes, randomInt } from "node:crypto";

import { buildReceiverReport } from "../rtp/rtcp.ts";
import type { ReceptionTotals } from "../rtp/reception.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";
import type { Arrival } from "./intake.ts";
import { Reordering } from "./reordering.ts";
import { TrackReception } from "./track-reception.ts";

/** Takes what arrives while playing: synchronous, never throws. Tracks are numbered in the order of their SETUP, from 0. */
export interface RtspSink {
  /** The packet is good until this returns. `arrivedAt` is Clock.monotonic(). */
  packet(track: number, packet: RtpPacket, arrivedAt: number): void;
  /** A packet was damaged, forged, or of a stranger's session, and left out. */
  damaged(track: number): void;
  /** The camera has agreed to play. */
  started?(): void;
}

/** What protects a track's packets on their way. */
export interface MediaSecurity {
  /** The packet; undefined for one that is not authentic or came before. May overwrite what it is given. */
  open(bytes: Buffer): Buffer | undefined;
  openControl(bytes: Buffer): Buffer | undefined;
  sealControl(bytes: Buffer): Buffer;
}

export interface MediaTrack {
  /** Ticks a second of its timestamps. */
  readonly clockRate: number;
  /** Of its packets, where the server announced it. */
  readonly ssrc: number | undefined;
  readonly security: MediaSecurity | undefined;
  /** Packets may come in another order than they were sent in. */
  readonly unordered: boolean;
  /** Sends RTCP to the server. */
  readonly sendControl: (bytes: Buffer) => void;
}

/** Where a track's packets go in, as they come from the network. The bytes need not outlast the call where the transport keeps the order. */
export interface MediaInlet {
  readonly track: number;
  packet(bytes: Buffer, arrival: Arrival): void;
  control(bytes: Buffer, arrival: Arrival): void;
}

interface Received extends MediaTrack {
  readonly number: number;
  readonly reception: TrackReception;
  readonly reordering: Reordering | undefined;
}

/** Two channels for each track that was set up, one of packets and one of control, whatever carries them. */
export class MediaChannels {
  readonly #clock: Clock;
  readonly #tracks: Received[] = [];
  readonly #ended = new AbortController();
  // RFC 3550 8.1, RFC 7022 4.2: both drawn anew, so that they tell nothing about the house.
  readonly #cname = randomBytes(12).toString("base64");
  readonly ssrc = randomInt(2 ** 32);
  #sink: RtspSink | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborts when the server says that a track has ended; the reason is a GatehouseError. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Packets of every track; jitter of the first. */
  get totals(): ReceptionTotals {
    const all = this.#tracks.map(({ reception }) => reception.totals);
    const sum = (of: "packets" | "lost"): number => all.reduce((total, track) => total + track[of], 0);
    return { packets: sum("packets"), lost: sum("lost"), jitterMs: all[0]?.jitterMs ?? 0 };
  }

  add(track: MediaTrack): MediaInlet {
    const number = this.#tracks.length;
    const reception = new TrackReception(track.clockRate);
    if (track.ssrc !== undefined) reception.announce(track.ssrc);
    const deliver = (packet: RtpPacket, at: number): void => this.#sink?.packet(number, packet, at);
    const reordering = track.unordered ? new Reordering(deliver) : undefined;
    const received = { ...track, number, reception, reordering };
    this.#tracks.push(received);
    return {
      track: number,
      packet: (bytes, arrival) => this.#receive(received, bytes, arrival),
      control: (bytes, arrival) => this.#receiveControl(received, bytes, arrival),
    };
  }

  /** Gives the sink what arrives, until disposed; what came before was left over from somebody else. */
  deliver(sink: RtspSink): Disposable {
    this.#sink = sink;
    return { [Symbol.dispose]: () => (this.#sink = undefined) };
  }

  announce(track: number, ssrc: number): void {
    this.#tracks[track]?.reception.announce(ssrc);
  }

  /** Sends a receiver report for each track that was heard. RFC 3550 6.4.2 */
  report(): void {
    const now = this.#clock.monotonic();
    for (const { reception, security, sendControl } of this.#tracks) {
      const block = reception.report(now);
      if (block === undefined) continue;
      const bytes = buildReceiverReport({ ssrc: this.ssrc, cname: this.#cname, reports: [block] });
      sendControl(security === undefined ? bytes : security.sealControl(bytes));
    }
  }

  #receive({ number, security, reception, reordering }: Received, bytes: Buffer, { at, prompt }: Arrival): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    const clear = security === undefined ? bytes : security.open(bytes);
    const packet = clear && reception.receive(clear, prompt ? at : undefined);
    if (packet === undefined) sink.damaged(number);
    else if (reordering === undefined) sink.packet(number, packet, at);
    else reordering.push(packet, at);
  }

  #receiveControl({ security, reception }: Received, bytes: Buffer, { at }: Arrival): void {
    if (this.#sink === undefined) return;
    const clear = security === undefined ? bytes : security.openControl(bytes);
    if (clear === undefined || !reception.receiveControl(clear, at)) return;
    this.#ended.abort(new GatehouseError("camera-stalled", "the camera said that it ends the stream"));
  }
}

import { GatehouseError, type Clock } from "@gatehouse/shared";
import { randomBytes, randomInt } from "node:crypto";

import { buildReceiverReport } from "../rtp/rtcp.ts";
import type { RtpPacket } from "../rtp/rtp-packet.ts";
import { TrackReception } from "./track-reception.ts";

/** Takes what arrives while playing: synchronous, never throws. Tracks are numbered in the order of their SETUP, from 0. */
export interface RtspSink {
  /** The payload is a view that stays as it is. `arrivedAt` is Clock.monotonic(). */
  packet(track: number, packet: RtpPacket, arrivedAt: number): void;
  /** A packet was damaged, or of a stranger's session, and left out. */
  damaged(track: number): void;
}

export interface MediaChannel {
  readonly rtp: number;
  readonly rtcp: number;
  /** Ticks a second of the track's timestamps. */
  readonly clockRate: number;
  /** Of its packets, where the server announced it. */
  readonly ssrc: number | undefined;
}

interface Track {
  readonly channel: MediaChannel;
  readonly reception: TrackReception;
}

/** An RTCP compound and the channel that it goes out on. */
export interface OutgoingReport {
  readonly channel: number;
  readonly bytes: Buffer;
}

/** The channels of one connection that were set up, each with its track; what comes on any other is ignored. */
export class MediaChannels {
  readonly #clock: Clock;
  readonly #tracks: Track[] = [];
  /** By channel number. */
  readonly #takers: ((payload: Buffer) => void)[] = [];
  readonly #ended = new AbortController();
  // RFC 3550 8.1, RFC 7022 4.2: both drawn anew, so that they tell nothing about the house.
  readonly #ssrc = randomInt(2 ** 32);
  readonly #cname = randomBytes(12).toString("base64");
  #sink: RtspSink | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborts when the server says that a track has ended; the reason is a GatehouseError. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Returns the track's number. @throws GatehouseError `camera-answer-malformed` for channels that are taken, or that there are not */
  add(channel: MediaChannel): number {
    const { rtp, rtcp, clockRate, ssrc } = channel;
    const isFree = (number: number): boolean => number <= 255 && this.#takers[number] === undefined;
    if (rtp === rtcp || !isFree(rtp) || !isFree(rtcp)) {
      throw new GatehouseError("camera-answer-malformed", "the camera puts two tracks on one channel, or one on none");
    }
    const track = this.#tracks.length;
    const reception = new TrackReception(clockRate);
    if (ssrc !== undefined) reception.announce(ssrc);
    this.#tracks.push({ channel, reception });
    this.#takers[rtp] = (payload) => this.#receive(track, reception, payload);
    this.#takers[rtcp] = (payload) => this.#receiveControl(reception, payload);
    return track;
  }

  /** Gives the sink what arrives, until disposed; what came before was left over from somebody else. */
  deliver(sink: RtspSink): Disposable {
    this.#sink = sink;
    return { [Symbol.dispose]: () => (this.#sink = undefined) };
  }

  announce(track: number, ssrc: number): void {
    this.#tracks[track]?.reception.announce(ssrc);
  }

  /** Takes an interleaved frame. */
  frame(channel: number, payload: Buffer): void {
    if (this.#sink !== undefined) this.#takers[channel]?.(payload);
  }

  /** A receiver report for each track that was heard. RFC 3550 6.4.2 */
  reports(): readonly OutgoingReport[] {
    const now = this.#clock.monotonic();
    return this.#tracks.flatMap(({ channel, reception }) => {
      const block = reception.report(now);
      if (block === undefined) return [];
      const bytes = buildReceiverReport({ ssrc: this.#ssrc, cname: this.#cname, reports: [block] });
      return [{ channel: channel.rtcp, bytes }];
    });
  }

  #receive(track: number, reception: TrackReception, payload: Buffer): void {
    const arrivedAt = this.#clock.monotonic();
    const packet = reception.receive(payload, arrivedAt);
    if (packet === undefined) this.#sink?.damaged(track);
    else this.#sink?.packet(track, packet, arrivedAt);
  }

  #receiveControl(reception: TrackReception, payload: Buffer): void {
    if (!reception.receiveControl(payload, this.#clock.monotonic())) return;
    this.#ended.abort(new GatehouseError("camera-stalled", "the camera said that it ends the stream"));
  }
}

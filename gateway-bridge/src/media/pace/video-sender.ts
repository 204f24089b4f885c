import type { Clock } from "@gatehouse/shared";

import type { VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import type { RtpPayload } from "../../protocols/nal/rtp-payload.ts";
import type { Backlog } from "../backpressure-policy.ts";
import { replayPause } from "./replay-policy.ts";
import { videoPayloads } from "./video-payloads.ts";

/** Where pictures go as RTP. */
export interface PictureOutlet {
  /** Sends a unit's payloads, which share one timestamp, in ticks of 90 kHz. False when some of it has to wait. */
  send(payloads: readonly RtpPayload[], ticks: number, unit: VideoUnit): boolean;
}

export interface VideoSenderOptions {
  readonly outlet: PictureOutlet;
  readonly maxPayload: number;
  /** H.264 unless told. */
  readonly codec?: VideoCodec;
  /** What the session holds as it begins: the stored GOP. */
  readonly replay: Backlog;
  readonly positionAt: (monotonic: number) => number;
  readonly clock: Clock;
}

const ticksPerMs = 90;

/**
 * Sends pictures, at first the stored GOP in one paced burst. Meanwhile each picture is stamped with the moment at
 * which it is sent, on the live timeline: the viewer shows it at once, hurries through the GOP and is live when the
 * burst is over. With the camera's own timestamps it would play a GOP behind for as long as it watches.
 */
export class VideoSender {
  readonly #options: VideoSenderOptions;
  #replay: { readonly startedAt: number; readonly storedBytes: number; sentBytes: number } | undefined;

  constructor(options: VideoSenderOptions) {
    const { replay, clock } = options;
    this.#options = options;
    if (replay.units > 0) {
      this.#replay = { startedAt: clock.monotonic(), storedBytes: replay.bytes, sentBytes: 0 };
    }
  }

  /** What is sent was stored before; sound has to wait. */
  get replaying(): boolean {
    return this.#replay !== undefined;
  }

  /** False when some of it has to wait. */
  send(unit: VideoUnit): boolean {
    const { outlet, maxPayload, codec, positionAt, clock } = this.#options;
    const replay = this.#replay;
    if (replay !== undefined) replay.sentBytes += unit.bytes;
    const ticks = replay === undefined ? unit.timestamp : positionAt(clock.monotonic()) * ticksPerMs;
    return outlet.send(videoPayloads(unit, maxPayload, codec), ticks, unit);
  }

  /** How long to wait before the next unit, in ms. */
  get pauseMs(): number {
    const replay = this.#replay;
    if (replay === undefined) return 0;
    const { startedAt, storedBytes, sentBytes } = replay;
    return replayPause({ storedBytes, sentBytes, elapsedMs: this.#options.clock.monotonic() - startedAt });
  }

  /** Nothing waits any longer: what comes next is live. */
  goLive(): void {
    this.#replay = undefined;
  }
}

import type { AudioTrack } from "../../domain/track.ts";
import { opusClockRate } from "../../protocols/opus/opus-packet.ts";
import type { RtpPacket } from "../../protocols/rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../../protocols/rtp/unwrap.ts";

export interface SpeechReceiverOptions {
  readonly payloadType: number;
  /** Samples a second that the controller's RTP clock counts: the rate that it asked for, not RFC 7587's 48,000. */
  readonly sampleRate: number;
  readonly microphone: { write(data: Buffer, timestamp: number): void };
}

/** What a controller sends: Opus, one voice. */
export const speechTrack: AudioTrack = { kind: "audio", codec: "opus", clockRate: opusClockRate, channels: 1 };

/** Hands what the person before the Home app says to a microphone. */
export class SpeechReceiver {
  readonly #options: SpeechReceiverOptions;
  readonly #timestamps = new CounterUnwrapper(32);
  #last = -1;

  constructor(options: SpeechReceiverOptions) {
    this.#options = options;
  }

  /** Takes an authentic packet. Sound that was overtaken is left out. */
  receive({ payloadType, timestamp, payload }: RtpPacket): void {
    const { sampleRate, microphone } = this.#options;
    if (payloadType !== this.#options.payloadType || payload.length === 0) return;
    const at = this.#timestamps.next(timestamp);
    if (at <= this.#last) return;
    this.#last = at;
    microphone.write(payload, Math.round((at * opusClockRate) / sampleRate));
  }
}

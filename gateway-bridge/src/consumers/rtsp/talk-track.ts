import type { CameraId } from "@gatehouse/shared";

import type { SessionOwner } from "../../domain/session-filter.ts";
import type { AudioTrack } from "../../domain/track.ts";
import { TalkReceiver, type TalkSink } from "../../media/talk/talk-receiver.ts";
import { trackControl } from "../../protocols/rtsp-server/track-url.ts";
import type { SdpSection } from "../../protocols/rtsp-server/write-sdp.ts";
import type { Carrier } from "./carrier.ts";

/** The way to cameras' loudspeakers. */
export interface ReaderTalk {
  /** Whether the camera has one. */
  readonly loudspeaker: (camera: CameraId) => boolean;
  /** Silent at first; who talks there is decided when it is spoken into. */
  readonly microphone: (talker: SessionOwner & { readonly from: AudioTrack }) => TalkSink;
}

/** ONVIF Streaming 5.3.1 */
export const backchannel = "www.onvif.org/ver20/backchannel";

/** Its number, whichever tracks the camera itself has. */
export const talkTrack = 2;

/** What readers are told to send: every ONVIF client can, and the gateway makes of it what the loudspeaker plays. */
export const spoken: AudioTrack = { kind: "audio", codec: "pcmu", clockRate: 8_000, channels: 1 };

/** RFC 3551 table 4 */
const payloadType = 0;

export const talkSection: SdpSection = {
  kind: "audio",
  payloadType,
  encoding: "PCMU/8000",
  parameters: "",
  control: trackControl(talkTrack),
  direction: "sendonly",
};

/** What one reader says, from its PLAY to its PAUSE or its end. */
export class TalkTrack implements Disposable {
  readonly #carrier: Carrier;
  readonly #open: () => TalkSink;
  #receiver: TalkReceiver | undefined;

  constructor(carrier: Carrier, open: () => TalkSink) {
    this.#carrier = carrier;
    this.#open = open;
  }

  /** Value of the Transport header in the answer. */
  get transport(): string {
    return this.#carrier.transport;
  }

  /** Interleaved channel of its packets. */
  get channel(): number {
    return this.#carrier.channel;
  }

  begin(): void {
    this.#receiver ??= new TalkReceiver(payloadType, this.#open());
  }

  pause(): void {
    this.#receiver?.[Symbol.dispose]();
    this.#receiver = undefined;
  }

  /** Takes one RTP packet; what comes before PLAY is left out. */
  receive(packet: Buffer): void {
    this.#receiver?.receive(packet);
  }

  [Symbol.dispose](): void {
    this.pause();
    this.#carrier[Symbol.dispose]();
  }
}

import { randomBytes } from "node:crypto";

import type { LiveFeed, LiveMoment, Tier } from "./live-feed.ts";
import { packetize } from "./packetizer.ts";
import { RtpSender } from "./rtp-sender.ts";

export interface RtspSessionOptions {
  readonly feed: LiveFeed;
  readonly tier: Tier;
  /** Takes interleaved frames. */
  readonly write: (frames: Buffer) => void;
  /** The camera's own clock. */
  readonly now: () => number;
}

/** Largest RTP packet, header included. */
const maxPacket = 1_400;

export const trackNames = ["video", "audio"] as const;
export type TrackName = (typeof trackNames)[number];

/** One client's hold on the live feed: the tracks that it set up, each under an SSRC of its own. */
export class RtspSession implements Disposable {
  readonly id = randomBytes(8).toString("hex");
  readonly #options: RtspSessionOptions;
  readonly #tracks = new Map<TrackName, { readonly url: string; readonly sender: RtpSender }>();
  #playing: Disposable | undefined;

  constructor(options: RtspSessionOptions) {
    this.#options = options;
  }

  get tier(): Tier {
    return this.#options.tier;
  }

  get playing(): boolean {
    return this.#playing !== undefined;
  }

  /** Adds a track, and returns its SSRC; undefined when the session has it or plays already. */
  setup(track: TrackName, { url, channel }: { readonly url: string; readonly channel: number }): string | undefined {
    if (this.#tracks.has(track) || this.playing) return undefined;
    const { sound } = this.#options.feed;
    const { payloadType, clockRate, marks } =
      track === "audio" && sound !== undefined
        ? // RFC 3640 3.1: every packet with the end of a frame is marked; the others' first after silence, and there is none.
          { ...sound, marks: sound.codec === "aac" }
        : { payloadType: 96, clockRate: 90_000, marks: true };
    const sender = new RtpSender({ payloadType, clockRate, channel, cname: this.id, marks });
    this.#tracks.set(track, { url, sender });
    return sender.ssrc.toString("hex");
  }

  /** Begins with the next picture, whatever it is. Returns the RTP-Info header's value. */
  play(): string {
    const { feed, tier } = this.#options;
    this.#playing ??= feed.subscribe(tier, (moment) => this.#send(moment));
    return Array.from(
      this.#tracks.values(),
      ({ url, sender }) => `url=${url};seq=${sender.sequence};rtptime=${sender.timestamp(feed.nextAt)}`,
    ).join(",");
  }

  [Symbol.dispose](): void {
    this.#playing?.[Symbol.dispose]();
    this.#playing = undefined;
  }

  #send({ at, nals, sound }: LiveMoment): void {
    const { write, now, feed, tier } = this.#options;
    const { codec } = feed.clips[tier];
    const [video, audio] = trackNames.map((name) => this.#tracks.get(name)?.sender);
    if (video !== undefined) write(video.frames(packetize(nals, maxPacket - 12, codec), { at, now: now() }));
    if (audio === undefined) return;
    for (const { at: heardAt, payload } of sound) write(audio.frames([payload], { at: heardAt, now: now() }));
  }
}

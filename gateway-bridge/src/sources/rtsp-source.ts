import {
  GatehouseError,
  isGatehouseError,
  redactUrl,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { StreamEndpoint } from "../domain/camera.ts";
import type { Track } from "../domain/track.ts";
import type { OpenSource, Source, UnitSink } from "../ports.ts";
import { H264Depacketizer } from "../protocols/h264/depacketizer.ts";
import type { RtspSink } from "../protocols/rtsp/media-channels.ts";
import { RtspClient } from "../protocols/rtsp/rtsp-client.ts";
import type { RtpPacket } from "../protocols/rtp/rtp-packet.ts";
import { CounterUnwrapper } from "../protocols/rtp/unwrap.ts";
import { readParameterSets } from "../protocols/sdp/parameter-sets.ts";
import { DamageReport } from "./damage-report.ts";
import { StallWatch } from "./stall-watch.ts";
import { chooseTracks, type ChosenTrack } from "./track-choice-policy.ts";

export interface RtspSourceDependencies {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest time without a whole picture. Cameras send one every few seconds even where nothing moves. */
const stallMs = 10_000;

/** RFC 6184 8.2.1 and RFC 7587 7: both are fixed, whatever the SDP says. */
const videoClockRate = 90_000;
const opusClockRate = 48_000;

/** Opens sources of RTSP cameras: their H.264 video and, where they have it, their Opus sound. */
export const createRtspSource =
  (dependencies: RtspSourceDependencies): OpenSource =>
  (endpoint, cancel) =>
    RtspSource.open(endpoint, dependencies, cancel);

type PacketTaker = (packet: RtpPacket, arrivedAt: number) => void;

interface SourceParts extends RtspSourceDependencies {
  readonly client: RtspClient;
  readonly video: ChosenTrack;
  readonly opus: ChosenTrack | undefined;
}

class RtspSource implements Source {
  readonly tracks: readonly Track[];
  readonly #parts: SourceParts;

  private constructor(parts: SourceParts) {
    this.#parts = parts;
    this.tracks = [
      {
        kind: "video",
        codec: "h264",
        clockRate: videoClockRate,
        parameterSets: readParameterSets(parts.video.format),
      },
      ...(parts.opus === undefined ? [] : [opusTrack]),
    ];
  }

  /** @throws GatehouseError `camera-no-video`, or as RtspClient.open does */
  static async open(
    { url, credentials, pin, auth, camera, tier }: StreamEndpoint,
    dependencies: RtspSourceDependencies,
    cancel: Cancellable,
  ): Promise<RtspSource> {
    const { clock } = dependencies;
    const log = dependencies.log.child({ camera, tier, url: redactUrl(url) });
    await using opening = new AsyncDisposableStack();
    const client = opening.use(await RtspClient.open({ url, credentials, pin, memory: auth, clock }, cancel));
    const choice = chooseTracks(client.description);
    if (choice.kind === "no-video") {
      const offered = choice.offered.join(", ") || "no video at all";
      throw new GatehouseError("camera-no-video", `the camera offers no H.264 but ${offered}`, {
        details: { offered: choice.offered },
      });
    }
    const { video } = choice;
    await client.setup({ control: video.media.control, clockRate: videoClockRate }, cancel);
    const opus = await setUpSound({ client, log }, choice.opus, cancel);
    opening.move();
    return new RtspSource({ clock, log, client, video, opus });
  }

  async play(sink: UnitSink, { signal }: Cancellable): Promise<never> {
    const { client, clock, log } = this.#parts;
    using damage = new DamageReport(clock, log);
    const stalled = new AbortController();
    using watch = new StallWatch(clock, stallMs, () =>
      stalled.abort(new GatehouseError("camera-stalled", `the camera sent no whole picture for ${stallMs} ms`)),
    );
    const takers = [this.#takeVideo({ sink, damage, watch }), this.#takeOpus(sink)];
    const packets: RtspSink = {
      packet: (track, packet, arrivedAt) => takers[track]?.(packet, arrivedAt),
      damaged: () => damage.packets(1),
    };
    return await client.play(packets, { signal: AbortSignal.any([signal, stalled.signal]) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.client[Symbol.asyncDispose]();
  }

  #takeVideo({ sink, damage, watch }: VideoOutlets): PacketTaker {
    const { payloadType } = this.#parts.video.format;
    const depacketizer = new H264Depacketizer({ reorder: 0, payloadType });
    let lost = 0;
    return (packet, arrivedAt) => {
      for (const picture of depacketizer.push(packet)) {
        watch.noteProgress(arrivedAt);
        sink.write({ kind: "video", ...picture, arrivedAt });
      }
      if (depacketizer.lost === lost) return;
      damage.pictures(depacketizer.lost - lost);
      lost = depacketizer.lost;
    };
  }

  /** Every packet is one frame. RFC 7587 4.2 */
  #takeOpus(sink: UnitSink): PacketTaker {
    const payloadType = this.#parts.opus?.format.payloadType;
    const timestamps = new CounterUnwrapper(32);
    return (packet, arrivedAt) => {
      const { payload: data } = packet;
      if (packet.payloadType !== payloadType || data.length === 0) return;
      const timestamp = timestamps.next(packet.timestamp);
      sink.write({ kind: "audio", timestamp, data, bytes: data.length, arrivedAt });
    };
  }
}

interface VideoOutlets {
  readonly sink: UnitSink;
  readonly damage: DamageReport;
  readonly watch: StallWatch;
}

const opusTrack: Track = { kind: "audio", codec: "opus", clockRate: opusClockRate, channels: 2 };

/** Sound that a camera will not send is done without: the picture matters more. */
const setUpSound = async (
  { client, log }: { readonly client: RtspClient; readonly log: Logger },
  opus: ChosenTrack | undefined,
  cancel: Cancellable,
): Promise<ChosenTrack | undefined> => {
  if (opus === undefined) return undefined;
  try {
    await client.setup({ control: opus.media.control, clockRate: opusClockRate }, cancel);
    return opus;
  } catch (error) {
    if (!isGatehouseError(error) || error.code !== "camera-fault") throw error;
    log.warn("the camera does not send its sound", { message: error.message });
    return undefined;
  }
};

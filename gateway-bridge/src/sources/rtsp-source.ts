import {
  GatehouseError,
  isGatehouseError,
  redactUrl,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import type { AudioUnit } from "../domain/access-unit.ts";
import type { StreamEndpoint } from "../domain/camera.ts";
import type { Track } from "../domain/track.ts";
import type { OpenSource, Source, SourceQuality, UnitSink } from "../ports.ts";
import { H264Depacketizer } from "../protocols/h264/depacketizer.ts";
import { H265Depacketizer } from "../protocols/h265/depacketizer.ts";
import type { RtspSink } from "../protocols/rtsp/media-channels.ts";
import { RtspClient } from "../protocols/rtsp/rtsp-client.ts";
import type { RtpPacket } from "../protocols/rtp/rtp-packet.ts";
import { readParameterSets } from "../protocols/sdp/parameter-sets.ts";
import { DamageReport } from "./damage-report.ts";
import { SoundLane } from "./sound-lane.ts";
import { StallWatch } from "./stall-watch.ts";
import { chooseTracks, type ChosenSound, type ChosenVideo } from "./track-choice-policy.ts";

export interface RtspSourceDependencies {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest time without a whole picture. Cameras send one every few seconds even where nothing moves. */
const stallMs = 10_000;

/** RFC 6184 8.2.1, RFC 7798 4.1: fixed, whatever the SDP says. */
const videoClockRate = 90_000;

const depacketizers = { h264: H264Depacketizer, h265: H265Depacketizer } as const;

/** Opens sources of RTSP cameras: their video and, where they have any that is understood, their sound. */
export const createRtspSource =
  (dependencies: RtspSourceDependencies): OpenSource =>
  (endpoint, cancel) =>
    RtspSource.open(endpoint, dependencies, cancel);

type PacketTaker = (packet: RtpPacket, arrivedAt: number) => void;

interface SourceParts extends RtspSourceDependencies {
  readonly client: RtspClient;
  readonly video: ChosenVideo;
  readonly sound: ChosenSound | undefined;
}

class RtspSource implements Source {
  readonly tracks: readonly Track[];
  readonly #parts: SourceParts;

  private constructor(parts: SourceParts) {
    this.#parts = parts;
    const { video, sound } = parts;
    this.tracks = [
      {
        kind: "video",
        codec: video.codec,
        clockRate: videoClockRate,
        parameterSets: readParameterSets(video.format),
      },
      ...(sound === undefined ? [] : [sound.sound.track]),
    ];
  }

  /** @throws GatehouseError `camera-no-video`, or as RtspClient.open does */
  static async open(
    { url, credentials, pin, auth, camera, tier, quirks }: StreamEndpoint,
    dependencies: RtspSourceDependencies,
    cancel: Cancellable,
  ): Promise<RtspSource> {
    const { clock } = dependencies;
    const log = dependencies.log.child({ camera, tier, url: redactUrl(url) });
    await using opening = new AsyncDisposableStack();
    const options = {
      url,
      credentials,
      pin,
      memory: auth,
      clock,
      ...(quirks?.transport && { transport: quirks.transport }),
    };
    const client = opening.use(await RtspClient.open(options, cancel));
    const choice = chooseTracks(client.description);
    if (choice.kind === "no-video") {
      const offered = choice.offered.join(", ") || "no video at all";
      throw new GatehouseError("camera-no-video", `the camera offers neither H.264 nor H.265 but ${offered}`, {
        details: { offered: choice.offered },
      });
    }
    const { video } = choice;
    await client.setup({ ...video.media, clockRate: videoClockRate }, cancel);
    const sound = await setUpSound({ client, log }, choice.sound, cancel);
    opening.move();
    return new RtspSource({ clock, log, client, video, sound });
  }

  quality(): SourceQuality {
    return this.#parts.client.quality;
  }

  await(awaited: boolean): void {
    this.#parts.client.awaited = awaited;
  }

  async play(sink: UnitSink, { signal }: Cancellable): Promise<never> {
    const { client, clock, log } = this.#parts;
    using damage = new DamageReport(clock, log);
    const stalled = new AbortController();
    using watch = new StallWatch(clock, stallMs, () =>
      stalled.abort(new GatehouseError("camera-stalled", `the camera sent no whole picture for ${stallMs} ms`)),
    );
    const takers = [this.#takeVideo({ sink, damage, watch }), this.#takeSound({ sink, damage })];
    const packets: RtspSink = {
      packet: (track, packet, arrivedAt) => takers[track]?.(packet, arrivedAt),
      damaged: () => damage.packets(1),
    };
    return await client.play(packets, { signal: AbortSignal.any([signal, stalled.signal]) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.client[Symbol.asyncDispose]();
  }

  #takeVideo({ sink, damage, watch }: Outlets & { readonly watch: StallWatch }): PacketTaker {
    const { codec, format } = this.#parts.video;
    // The client has put the packets in order already.
    const depacketizer = new depacketizers[codec]({ reorder: 0, payloadType: format.payloadType });
    let lost = 0;
    return (packet, arrivedAt) => {
      for (const picture of depacketizer.push(packet)) {
        watch.noteProgress(arrivedAt);
        const { timestamp, key, nals, bytes, memory } = picture;
        sink.write({ kind: "video", timestamp, key, nals, bytes, arrivedAt }, memory);
      }
      if (depacketizer.lost === lost) return;
      damage.pictures(depacketizer.lost - lost);
      lost = depacketizer.lost;
    };
  }

  #takeSound({ sink, damage }: Outlets): PacketTaker | undefined {
    const { sound } = this.#parts;
    if (sound === undefined) return undefined;
    const unpacker = sound.sound.createUnpacker();
    const write = (unit: AudioUnit): void => sink.write(unit);
    const lane = new SoundLane({ unpacker, payloadType: sound.format.payloadType, write });
    let damaged = 0;
    return (packet, arrivedAt) => {
      lane.push(packet, arrivedAt);
      if (lane.damaged === damaged) return;
      damage.packets(lane.damaged - damaged);
      damaged = lane.damaged;
    };
  }
}

interface Outlets {
  readonly sink: UnitSink;
  readonly damage: DamageReport;
}

/** Sound that a camera will not send is done without: the picture matters more. */
const setUpSound = async (
  { client, log }: { readonly client: RtspClient; readonly log: Logger },
  sound: ChosenSound | undefined,
  cancel: Cancellable,
): Promise<ChosenSound | undefined> => {
  if (sound === undefined) return undefined;
  try {
    await client.setup({ ...sound.media, clockRate: sound.sound.track.clockRate }, cancel);
    return sound;
  } catch (error) {
    if (!isGatehouseError(error) || error.code !== "camera-fault") throw error;
    log.warn("the camera does not send its sound", { message: error.message });
    return undefined;
  }
};

import { GatehouseError, untilAborted, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";

import type { AccessUnit, AudioUnit, VideoUnit } from "../../domain/access-unit.ts";
import type { AudioTrack, Track } from "../../domain/track.ts";
import type { Source, UnitSink } from "../../ports.ts";
import type { Backlog } from "../backpressure-policy.ts";
import type { Ffmpeg } from "../ffmpeg/ffmpeg.ts";
import { PictureTranscoder } from "../ffmpeg/picture-transcoder.ts";
import { takeOf } from "../ffmpeg/sound-format.ts";
import type { Session, Viewer } from "../session.ts";
import type { Stream, StreamTracks } from "../stream.ts";
import type { Rendition } from "./rendition-policy.ts";
import { SoundLane } from "./sound-lane.ts";

export interface RenditionSourceOptions {
  readonly base: Pick<Stream, "ready" | "join">;
  /** One session with the base stream more, or less. */
  readonly onJoined: (more: 1 | -1) => void;
  /** Tells when the base stream is not live any longer, and why. */
  readonly onInterrupted: (listener: (error: GatehouseError) => void) => Disposable;
  readonly rendition: Rendition;
  readonly ffmpeg: Ffmpeg;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
}

/** How far a picture's transcoder may be behind, the replay apart: then it goes on at the next key picture. */
const pictureBacklog: Backlog = { units: 50, bytes: 4 * 1_024 * 1_024 };

/**
 * What a derived stream plays: the units of the stream that it is derived from, by reference where they fit, and through
 * a transcoder where they do not. It ends when that stream is interrupted.
 */
export class RenditionSource implements Source {
  readonly tracks: readonly Track[];
  readonly #options: RenditionSourceOptions;
  readonly #from: StreamTracks;
  readonly #interruption = Promise.withResolvers<never>();
  readonly #listening: Disposable;

  private constructor(options: RenditionSourceOptions, from: StreamTracks) {
    const { rendition, onInterrupted } = options;
    this.#options = options;
    this.#from = from;
    const audio = audioOf(rendition, from);
    const video = transcodesVideo(rendition, from) ? h264(from.video) : from.video;
    this.tracks = audio === undefined ? [video] : [video, audio];
    this.#interruption.promise.catch(() => undefined);
    this.#listening = onInterrupted((error) => this.#interruption.reject(error));
  }

  /** @throws GatehouseError as `Stream.ready` does */
  static async open(options: RenditionSourceOptions, cancel: Cancellable): Promise<RenditionSource> {
    return new RenditionSource(options, await options.base.ready(cancel));
  }

  async play(sink: UnitSink, { signal }: Cancellable): Promise<never> {
    await using playing = new AsyncDisposableStack();
    const failures: Promise<never>[] = [this.#interruption.promise];
    if (transcodesVideo(this.#options.rendition, this.#from)) {
      const picture = await this.#openPicture(sink, playing, { signal });
      failures.push(picture.failed({ signal }));
    }
    this.#joinUntouched(sink, playing);
    return await untilAborted(signal, Promise.race(failures));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
  }

  async #openPicture(sink: UnitSink, playing: AsyncDisposableStack, cancel: Cancellable): Promise<PictureTranscoder> {
    const { ffmpeg, clock } = this.#options;
    const onRoom = (): void => session.resume();
    const onUnit = (unit: VideoUnit): void => sink.write(unit);
    const from = this.#from.video.codec;
    const transcoder = playing.use(await PictureTranscoder.open({ ffmpeg, clock, from, onUnit, onRoom }, cancel));
    const write = (unit: AccessUnit): boolean => unit.kind === "audio" || transcoder.write(unit);
    const session = this.#join(playing, { write, limit: pictureBacklog });
    session.resume();
    return transcoder;
  }

  /** What fits is handed on as it is, the base's replay at once: nobody waits for a transcoder's first sound. */
  #joinUntouched(sink: UnitSink, playing: AsyncDisposableStack): void {
    const transcodesPicture = transcodesVideo(this.#options.rendition, this.#from);
    const lane = this.#openSound(sink, playing);
    let replaying = true;
    const write = (unit: AccessUnit): boolean => {
      if (unit.kind === "video" ? !transcodesPicture : lane === undefined) sink.write(unit);
      // Sound of the past is of use to nobody by the time it is transcoded.
      else if (unit.kind === "audio" && !replaying) lane?.write(unit);
      return true;
    };
    this.#join(playing, { write }).resume();
    replaying = false;
  }

  #openSound(sink: UnitSink, playing: AsyncDisposableStack): SoundLane | undefined {
    const { rendition, ffmpeg, clock, log, random } = this.#options;
    const { audio: to } = rendition;
    const { audio: from } = this.#from;
    if (from === undefined || to === "as-is" || from.codec === to) return undefined;
    const onUnit = (unit: AudioUnit): void => sink.write(unit);
    return playing.use(new SoundLane({ ffmpeg, clock, log, random, from, to, onUnit }));
  }

  #join(playing: AsyncDisposableStack, { write, limit }: Joining): Session {
    const { base, onJoined } = this.#options;
    const viewer: Viewer = { write, end: (error) => this.#interruption.reject(error) };
    const session = playing.use(base.join(viewer, limit));
    onJoined(1);
    playing.defer(() => onJoined(-1));
    return session;
  }
}

interface Joining {
  readonly write: Viewer["write"];
  readonly limit?: Backlog;
}

const h264 = ({ clockRate }: StreamTracks["video"]): Track => ({
  kind: "video",
  codec: "h264",
  clockRate,
  parameterSets: undefined,
});

/** A camera that was set to H.264 meanwhile needs none. */
const transcodesVideo = ({ video }: Rendition, from: StreamTracks): boolean =>
  video !== "as-is" && from.video.codec !== video;

const audioOf = ({ audio }: Rendition, from: StreamTracks): AudioTrack | undefined =>
  from.audio === undefined || audio === "as-is" || from.audio.codec === audio
    ? from.audio
    : takeOf(audio, from.audio).track;

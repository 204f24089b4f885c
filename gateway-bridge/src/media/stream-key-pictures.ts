import {
  untilAborted,
  withDeadline,
  type CameraId,
  type Cancellable,
  type Clock,
  type TierName,
} from "@gatehouse/shared";

import type { AccessUnit, VideoUnit } from "../domain/access-unit.ts";
import type { KeyPicture, KeyPictures } from "../ports.ts";
import type { Stream } from "./stream.ts";
import type { Streams } from "./streams.ts";

/** Makes a JPEG of a key picture; `width` in pixels, where the picture is wider. */
export type DecodeToJpeg = (
  picture: KeyPicture & { readonly width?: number | undefined },
  cancel: Cancellable,
) => Promise<Buffer>;

export interface StreamKeyPicturesOptions {
  readonly streams: () => Pick<Streams, "of" | "find">;
  readonly decode: DecodeToJpeg;
  /** Whether this box has what decodes. */
  readonly decodable: () => boolean;
  readonly clock: Clock;
}

/** A camera that connects at once and has a GOP of a few seconds brings one in time. */
const nextMs = 10_000;

const isKey = (unit: AccessUnit | undefined): unit is VideoUnit => unit?.kind === "video" && unit.key;

/** The key pictures of the gateway's streams. */
export class StreamKeyPictures implements KeyPictures {
  readonly #options: StreamKeyPicturesOptions;

  constructor(options: StreamKeyPicturesOptions) {
    this.#options = options;
  }

  get decodable(): boolean {
    return this.#options.decodable();
  }

  newest(camera: CameraId, tier: TierName): KeyPicture | undefined {
    const stream = this.#options.streams().find(camera, tier);
    return stream?.state.kind === "live" ? newestOf(stream) : undefined;
  }

  async next(camera: CameraId, tier: TierName, { signal }: Cancellable): Promise<KeyPicture> {
    const { clock, streams } = this.#options;
    const asked = clock.monotonic();
    const stream = streams().of(camera, tier);
    using _hold = stream.hold();
    return await withDeadline({ clock, ms: nextMs, what: "a key picture", signal }, async (cancel) => {
      const { video } = await stream.ready(cancel);
      const newest = newestOf(stream);
      if (newest !== undefined && newest.unit.arrivedAt >= asked) return newest;
      return { codec: video.codec, unit: await awaitKey(stream, asked, cancel) };
    });
  }

  async toJpeg(picture: KeyPicture, width: number | undefined, cancel: Cancellable): Promise<Buffer> {
    return this.#options.decode({ ...picture, width }, cancel);
  }
}

const newestOf = (stream: Stream): KeyPicture | undefined => {
  const [unit] = stream.recent(0);
  return isKey(unit) && stream.video !== undefined ? { codec: stream.video.codec, unit } : undefined;
};

/** The first key picture that arrives after a moment of Clock.monotonic(). */
const awaitKey = async (stream: Stream, after: number, { signal }: Cancellable): Promise<VideoUnit> => {
  const outcome = Promise.withResolvers<VideoUnit>();
  using session = stream.join({
    write: (unit) => {
      if (isKey(unit) && unit.arrivedAt >= after) outcome.resolve(unit);
      return true;
    },
    end: (error) => outcome.reject(error),
  });
  session.resume();
  return await untilAborted(signal, outcome.promise);
};

import type { VideoUnit } from "../../domain/access-unit.ts";
import type { VideoCodec } from "../../domain/track.ts";
import type { Mp4Form } from "../../media/mp4-form.ts";
import type { Stream } from "../../media/stream.ts";
import { placePicture, type DecodeState, type PictureTimes } from "../../protocols/fmp4/decode-times.ts";
import { fragment } from "../../protocols/fmp4/fragment.ts";
import { nalSample, parameterSetsIn } from "../../protocols/fmp4/nal-sample.ts";

export interface PictureFragment {
  readonly bytes: Buffer;
  /** To be handed in with the next picture of the GOP. */
  readonly next: DecodeState;
}

const shared = new WeakMap<Stream, SharedFragments>();

/**
 * The pictures of one stream as fragments, the same for all who watch it: every viewer has the stream's own timeline. The bytes of the
 * newest are kept, because all viewers but those that catch up ask for them in the same moment; so a picture is copied once,
 * whatever the number of viewers, and the stored GOPs are not held twice.
 */
export class SharedFragments {
  readonly #times = new WeakMap<VideoUnit, PictureTimes>();
  #newest: { readonly unit: VideoUnit; readonly bytes: Buffer } | undefined;

  static of(stream: Stream): SharedFragments {
    const known = shared.get(stream) ?? new SharedFragments();
    shared.set(stream, known);
    return known;
  }

  /** @param before what came with the picture before; a GOP goes to every viewer from its key picture on, so all ask alike */
  picture(unit: VideoUnit, { codec, init }: Mp4Form, before: DecodeState | undefined): PictureFragment {
    const times =
      this.#times.get(unit) ??
      placePicture({ timestamp: Math.round(unit.timestamp), key: unit.key }, before, init.picture);
    this.#times.set(unit, times);
    if (this.#newest?.unit !== unit) this.#newest = { unit, bytes: pictureFragment(unit, codec, times) };
    return { bytes: this.#newest.bytes, next: times.next };
  }
}

const pictureFragment = (unit: VideoUnit, codec: VideoCodec, times: PictureTimes): Buffer => {
  const { decodeTime, offset, duration } = times;
  const parts = nalSample(codec, unit.nals, unit.key ? parameterSetsIn(codec, unit.nals) : undefined);
  const samples = [{ duration, offset, key: unit.key, parts }];
  // Numbers have to grow; time does, for every viewer alike.
  const sequence = Math.floor(decodeTime / 45) % 2 ** 32;
  return Buffer.concat(fragment(sequence, [{ track: "video", decodeTime, samples }]));
};

import type { VideoUnit } from "../../domain/access-unit.ts";
import type { ParameterSets, VideoTrack } from "../../domain/track.ts";
import { learnParameterSets } from "../../media/key-picture.ts";
import { reordersPictures } from "../../protocols/nal/sequence.ts";

/** Knows of each picture whether it ends what came before, as the parameter sets in force tell. */
export class PictureOrder {
  readonly #codec: VideoTrack["codec"];
  #sets: ParameterSets | undefined;
  #reorders = true;

  constructor({ codec }: VideoTrack) {
    this.#codec = codec;
  }

  /** Whether nothing that came before is shown after this picture: so it is with key pictures, and without B-frames with all. */
  isLatest(unit: VideoUnit): boolean {
    if (unit.key) this.#learn(unit);
    return unit.key || !this.#reorders;
  }

  #learn(unit: VideoUnit): void {
    const sets = learnParameterSets(this.#codec, unit, this.#sets);
    if (sets === this.#sets) return;
    this.#sets = sets;
    this.#reorders = sets === undefined || reordersPictures(this.#codec, sets.sps) !== false;
  }
}

import type { Stream } from "./stream.ts";

type Codecs = Pick<Stream, "video" | "audio">;

/** The codecs that a viewer began with. A camera may come back with others, which the viewer cannot decode, or was not told of. */
export class CodecMemory {
  readonly #stream: Codecs;
  readonly #video: string | undefined;
  readonly #audio: string | undefined;

  constructor(stream: Codecs) {
    this.#stream = stream;
    this.#video = stream.video?.codec;
    this.#audio = stream.audio?.codec;
  }

  /** Whether the stream brings others now. */
  get outdated(): boolean {
    const { video, audio } = this.#stream;
    return video?.codec !== this.#video || audio?.codec !== this.#audio;
  }
}

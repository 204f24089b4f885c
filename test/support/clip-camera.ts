import { systemClock, untilAborted, type Cancellable } from "@gatehouse/shared";

import type { Track } from "../../gateway-bridge/src/domain/track.ts";
import type { OpenSource, Source, UnitSink } from "../../gateway-bridge/src/ports.ts";
import { framesPerSecond, loadClip, type Clip } from "../simulator/clip.ts";

/** A Source in memory that plays the simulator's clips in real time, and changes its resolution when told. */
export class ClipCamera implements Disposable {
  /** Which clip it plays, from the next key picture on. */
  wanted: "main" | "sub" = "main";
  /** Whether this picture, counted from the beginning, is lost on the way. */
  loses: (picture: number) => boolean = () => false;
  /** Announces sound, and never sends any. */
  mute = false;
  readonly #clips: Readonly<Record<"main" | "sub", Clip>>;
  readonly #sinks = new Set<UnitSink>();
  readonly #origin = performance.now();
  #playing: "main" | "sub" = "main";
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(clips: Readonly<Record<"main" | "sub", Clip>>) {
    this.#clips = clips;
    this.#timer = setInterval(() => this.#tick(), 5);
  }

  static async open(): Promise<ClipCamera> {
    const load = (name: "main" | "sub") => loadClip({ name, bitrateKbps: 0, overhead: 0 });
    return new ClipCamera({ main: await load("main"), sub: await load("sub") });
  }

  readonly openSource: OpenSource = async () => {
    const { sps, pps } = this.#clips[this.#playing];
    const video: Track = { kind: "video", codec: "h264", clockRate: 90_000, parameterSets: { sps, pps } };
    const sound: Track = { kind: "audio", codec: "opus", clockRate: 48_000, channels: 2 };
    const source: Source = {
      tracks: this.mute ? [video, sound] : [video],
      play: async (sink: UnitSink, { signal }: Cancellable) => {
        this.#sinks.add(sink);
        try {
          return await untilAborted(signal, new Promise<never>(() => undefined));
        } finally {
          this.#sinks.delete(sink);
        }
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
    return source;
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const due = ((performance.now() - this.#origin) * framesPerSecond) / 1_000;
    for (; this.#next < due; this.#next += 1) {
      const wanted = this.#clips[this.wanted].pictures;
      if (wanted[this.#next % wanted.length]!.key) this.#playing = this.wanted;
      const { pictures } = this.#clips[this.#playing];
      const { nals, key } = pictures[this.#next % pictures.length]!;
      if (this.loses(this.#next)) continue;
      const bytes = nals.reduce((sum, { length }) => sum + length, 0);
      const timestamp = (this.#next * 90_000) / framesPerSecond;
      for (const sink of this.#sinks) {
        sink.write({ kind: "video", timestamp, key, nals, bytes, arrivedAt: systemClock.monotonic() });
      }
    }
  }
}

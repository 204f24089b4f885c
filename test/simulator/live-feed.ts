import { framesPerSecond, loadClip, type Clip } from "./clip.ts";
import { fillerNal, userDataNal, type VideoCodec } from "./nal.ts";
import { loadSound, type Sound, type SoundCodec } from "./sound.ts";
import { stampNal, stampNalLength, type Plane } from "./stamp.ts";

export type Tier = "main" | "sub";

/** One stamped picture and what was heard meanwhile, at the moment they leave. */
export interface LiveMoment {
  readonly nals: readonly Buffer[];
  /** RTP payloads, each with when it was heard, in milliseconds of the media clock. */
  readonly sound: readonly { readonly at: number; readonly payload: Buffer }[];
  /** Milliseconds of the media clock. */
  readonly at: number;
}

export interface LiveFeedOptions {
  readonly camera: string;
  readonly bitrateKbps: number;
  readonly subBitrateKbps: number;
  readonly audio: SoundCodec | "none";
  readonly codec: VideoCodec;
  readonly fill: "filler" | "user-data";
}

const periodMs = 1_000 / framesPerSecond;
/** After a longer pause of the process the feed goes on at "now", as a camera would: what it did not see has no number. */
const maxCatchUp = framesPerSecond;

/** What the camera's sensor sees: one clock, the same pictures for everybody, whether anybody looks or not. */
export class LiveFeed implements Disposable {
  readonly clips: Readonly<Record<Tier, Clip>>;
  readonly sound: Sound | undefined;
  readonly #camera: string;
  readonly #fill: LiveFeedOptions["fill"];
  readonly #listeners: Record<Tier, Set<(moment: LiveMoment) => void>> = { main: new Set(), sub: new Set() };
  readonly #origin = performance.now();
  // Time outruns the pictures, so a later start never repeats a number.
  readonly #firstFrame = Date.now();
  /** While true, the main stream shows the small picture, from a key picture on. */
  small = false;
  /** Bytes of user data that each picture of the main stream carries beyond its bit rate. */
  burden = 0;
  /** The same for its next picture alone. */
  bloat = 0;
  #showsSmall = false;
  #next = 0;
  #filmed = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    { camera, fill }: Pick<LiveFeedOptions, "camera" | "fill">,
    { sound, ...clips }: Readonly<Record<Tier, Clip>> & { readonly sound?: Sound | undefined },
  ) {
    this.#camera = camera;
    this.#fill = fill;
    this.clips = clips;
    this.sound = sound;
    this.#schedule();
  }

  static async open({ bitrateKbps, subBitrateKbps, audio, codec, ...options }: LiveFeedOptions): Promise<LiveFeed> {
    const [main, sub, sound] = await Promise.all([
      loadClip({ name: "main", codec, bitrateKbps, overhead: stampNalLength }),
      loadClip({ name: "sub", codec, bitrateKbps: subBitrateKbps, overhead: stampNalLength }),
      audio === "none" ? undefined : loadSound(audio),
    ]);
    return new LiveFeed(options, { main, sub, sound });
  }

  /** Number of the picture that is seen now. */
  get frame(): number {
    return this.#firstFrame + Math.max(0, this.#filmed - 1);
  }

  /** Milliseconds of the media clock at the next picture. */
  get nextAt(): number {
    return this.#next * periodMs;
  }

  subscribe(tier: Tier, listener: (moment: LiveMoment) => void): Disposable {
    this.#listeners[tier].add(listener);
    return { [Symbol.dispose]: () => this.#listeners[tier].delete(listener) };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const wait = this.#origin + this.#next * periodMs - performance.now();
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, wait));
  }

  #tick(): void {
    const due = Math.floor((performance.now() - this.#origin) / periodMs);
    this.#next = Math.max(this.#next, due + 1 - maxCatchUp);
    for (; this.#next <= due; this.#next += 1, this.#filmed += 1) {
      this.#send("main");
      this.#send("sub");
    }
    this.#schedule();
  }

  #send(tier: Tier & Plane): void {
    if (this.#listeners[tier].size === 0) return;
    const { pictures, codec } = this.clips[this.#shownBy(tier)];
    const { nals, key, filler } = pictures[this.#next % pictures.length]!;
    const stamped = { camera: this.#camera, plane: tier, frame: this.#firstFrame + this.#filmed, sentAt: Date.now() };
    const stamp = stampNal(stamped, codec);
    // Parameter sets, SEI, slice, filler: the order of H.264 7.4.1.2.3 and H.265 7.4.2.4.4.
    const before = key ? nals.slice(0, -1) : [];
    const userData = filler > 0 && this.#fill === "user-data" ? [userDataNal(filler, codec)] : [];
    const excess = tier === "main" ? this.burden + this.bloat : 0;
    if (excess > 0) userData.push(userDataNal(excess, codec));
    if (tier === "main") this.bloat = 0;
    const after = filler > 0 && this.#fill === "filler" ? [fillerNal(filler, codec)] : [];
    const moment = {
      nals: [...before, stamp, ...userData, nals.at(-1)!, ...after],
      sound: this.#heard(),
      at: this.nextAt,
    };
    for (const listener of [...this.#listeners[tier]]) listener(moment);
  }

  /** The clip that a stream shows: another one only from a key picture on. Both have theirs at the same times. */
  #shownBy(tier: Tier): Tier {
    if (tier === "sub") return "sub";
    const { pictures } = this.clips.main;
    if (pictures[this.#next % pictures.length]!.key) this.#showsSmall = this.small;
    return this.#showsSmall ? "sub" : "main";
  }

  /** The frames that begin before the next picture. */
  #heard(): LiveMoment["sound"] {
    if (this.sound === undefined) return [];
    const { frames, frameMs } = this.sound;
    const [from, to] = [this.nextAt, this.nextAt + periodMs].map((at) => Math.ceil(at / frameMs)) as [number, number];
    return Array.from({ length: to - from }, (_, index) => ({
      at: (from + index) * frameMs,
      payload: frames[(from + index) % frames.length]!,
    }));
  }
}

import { framesPerSecond, loadClip, type Clip } from "./clip.ts";
import { fillerNal } from "./nal.ts";
import { stampNal, stampNalLength, type Plane } from "./stamp.ts";

export type Tier = "main" | "sub";

/** One stamped picture, at the moment it leaves. */
export interface LivePicture {
  readonly nals: readonly Buffer[];
  /** Milliseconds of the media clock. */
  readonly at: number;
}

export interface LiveFeedOptions {
  readonly camera: string;
  readonly bitrateKbps: number;
  readonly subBitrateKbps: number;
}

const periodMs = 1_000 / framesPerSecond;
/** After a longer pause of the process the feed goes on at "now", as a camera would. */
const maxCatchUp = framesPerSecond;

/** What the camera's sensor sees: one clock, the same pictures for everybody, whether anybody looks or not. */
export class LiveFeed implements Disposable {
  readonly clips: Readonly<Record<Tier, Clip>>;
  readonly #camera: string;
  readonly #listeners: Record<Tier, Set<(picture: LivePicture) => void>> = { main: new Set(), sub: new Set() };
  readonly #origin = performance.now();
  // Time outruns the pictures, so a later start never repeats a number.
  readonly #firstFrame = Date.now();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(camera: string, clips: Readonly<Record<Tier, Clip>>) {
    this.#camera = camera;
    this.clips = clips;
    this.#schedule();
  }

  static async open({ camera, bitrateKbps, subBitrateKbps }: LiveFeedOptions): Promise<LiveFeed> {
    const [main, sub] = await Promise.all([
      loadClip({ name: "main", bitrateKbps, overhead: stampNalLength }),
      loadClip({ name: "sub", bitrateKbps: subBitrateKbps, overhead: stampNalLength }),
    ]);
    return new LiveFeed(camera, { main, sub });
  }

  /** Number of the picture that is seen now. */
  get frame(): number {
    return this.#firstFrame + Math.max(0, this.#next - 1);
  }

  /** Milliseconds of the media clock at the next picture. */
  get nextAt(): number {
    return this.#next * periodMs;
  }

  subscribe(tier: Tier, listener: (picture: LivePicture) => void): Disposable {
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
    for (; this.#next <= due; this.#next += 1) {
      this.#send("main");
      this.#send("sub");
    }
    this.#schedule();
  }

  #send(tier: Tier & Plane): void {
    if (this.#listeners[tier].size === 0) return;
    const { pictures } = this.clips[tier];
    const { nals, key, filler } = pictures[this.#next % pictures.length]!;
    const stamp = stampNal({
      camera: this.#camera,
      plane: tier,
      frame: this.#firstFrame + this.#next,
      sentAt: Date.now(),
    });
    // Parameter sets, stamp, slice, filler: the order of H.264 7.4.1.2.3.
    const before = key ? nals.slice(0, -1) : [];
    const picture = {
      nals: [...before, stamp, nals.at(-1)!, ...(filler > 0 ? [fillerNal(filler)] : [])],
      at: this.nextAt,
    };
    for (const listener of [...this.#listeners[tier]]) listener(picture);
  }
}

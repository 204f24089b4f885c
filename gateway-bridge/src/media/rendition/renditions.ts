import { EventBus, GatehouseError, type CameraId, type Clock, type Logger } from "@gatehouse/shared";

import type { Ffmpeg } from "../ffmpeg/ffmpeg.ts";
import { Stream, type StreamOptions, type StreamState } from "../stream.ts";
import { InheritedTimeline } from "./inherited-timeline.ts";
import type { Rendition } from "./rendition-policy.ts";
import { RenditionSource } from "./rendition-source.ts";

export interface RenditionsOptions extends Pick<StreamOptions, "random" | "lingerMs" | "ringBytes"> {
  readonly ffmpeg: Ffmpeg;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The streams derived from one stream, a camera's own or one that was derived itself. */
interface Family {
  readonly streams: Map<string, Stream>;
  readonly interruptions: EventBus<GatehouseError>;
  /** Sessions with the base stream that are no viewer's. */
  joined: number;
}

/**
 * Streams in another form than their camera's, each made when it is first asked for and shared by whoever wants the
 * same. Its transcoder runs while somebody watches, and a linger longer.
 */
export class Renditions {
  readonly #options: RenditionsOptions;
  readonly #families = new Map<Stream, Family>();

  constructor(options: RenditionsOptions) {
    this.#options = options;
  }

  of(base: Stream, rendition: Rendition): Stream {
    const name = `${rendition.video}+${rendition.audio}`.replaceAll("as-is", "camera");
    const { video, audio } = rendition;
    if (video === "as-is" || audio === "as-is") return this.#member(base, rendition, name);
    // The costly picture is made once, whatever sound goes with it.
    const picture = this.of(base, { video, audio: "as-is" });
    return this.#member(picture, { video: "as-is", audio }, name);
  }

  /** Passes on how the base stream fares: its derived streams end and begin with it. */
  follow(base: Stream, state: StreamState): void {
    const family = this.#families.get(base);
    if (family === undefined) return;
    if (state.kind === "live") for (const stream of family.streams.values()) stream.retryNow();
    else family.interruptions.emit(state.kind === "offline" ? state.error : interrupted());
  }

  list(): readonly Stream[] {
    return [...this.#families.values()].flatMap(({ streams }) => [...streams.values()]);
  }

  /** Who watches the stream in whatever form, the gateway itself left out. */
  viewersOf(base: Stream): number {
    const { streams, joined } = this.#families.get(base) ?? { streams: new Map<string, Stream>(), joined: 0 };
    const beside = [...streams.values()].reduce((sum, stream) => sum + this.viewersOf(stream), 0);
    return base.status.viewers - joined + beside;
  }

  /** Ends the viewers of all that was derived from the camera's streams. */
  async close(camera: CameraId): Promise<void> {
    const closing = [...this.#families].filter(([base]) => base.camera === camera);
    for (const [base] of closing) this.#families.delete(base);
    const streams = closing.flatMap(([, family]) => [...family.streams.values()]);
    await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
  }

  #member(base: Stream, rendition: Rendition, name: string): Stream {
    const family = this.#familyOf(base);
    const stream = family.streams.get(name) ?? this.#derive({ base, family, rendition, name });
    family.streams.set(name, stream);
    return stream;
  }

  #familyOf(base: Stream): Family {
    const known = this.#families.get(base);
    if (known !== undefined) return known;
    const family: Family = { streams: new Map(), interruptions: new EventBus(this.#options.log), joined: 0 };
    this.#families.set(base, family);
    return family;
  }

  #derive({ base, family, rendition, name }: Derivation): Stream {
    const { ffmpeg, clock, random, lingerMs, ringBytes } = this.#options;
    const log = this.#options.log.child({ camera: base.camera, tier: base.tier, rendition: name });
    const onInterrupted = family.interruptions.on.bind(family.interruptions);
    const onJoined = (more: 1 | -1): void => void (family.joined += more);
    const source = { base, onInterrupted, onJoined, rendition, ffmpeg, clock, log, random };
    const stream: Stream = new Stream({
      camera: base.camera,
      tier: base.tier,
      rendition: name,
      open: (cancel) => RenditionSource.open(source, cancel),
      timeline: new InheritedTimeline(base),
      // How the camera fares, its own stream tells; this one only those that are derived from it.
      onState: (state) => this.follow(stream, state),
      ...{ clock, log, random, lingerMs, ringBytes },
    });
    return stream;
  }
}

interface Derivation {
  readonly base: Stream;
  readonly family: Family;
  readonly rendition: Rendition;
  readonly name: string;
}

const interrupted = (): GatehouseError => new GatehouseError("camera-stalled", "The camera's stream was interrupted.");

import { untilAborted, type CameraId, type Cancellable, type GatehouseError } from "@gatehouse/shared";

import type { AccessUnit, LentMemory } from "../../domain/access-unit.ts";
import type { StreamEndpoint } from "../../domain/camera.ts";
import type { Track } from "../../domain/track.ts";
import type { OpenSource, Source, UnitSink } from "../../ports.ts";
import { videoTrack } from "./units.ts";

/** A connection to a FakeCamera. */
class FakeSource implements Source {
  readonly tracks: readonly Track[];
  readonly #broken = Promise.withResolvers<never>();
  readonly #disposed: () => void;
  #sink: UnitSink | undefined;

  constructor(tracks: readonly Track[], disposed: () => void) {
    this.tracks = tracks;
    this.#disposed = disposed;
    this.#broken.promise.catch(() => undefined);
  }

  /** As it was told last; undefined before. */
  awaited: boolean | undefined;
  /** Called when somebody begins to wait: what is due comes then. */
  due: () => void = () => undefined;

  await(awaited: boolean): void {
    this.awaited = awaited;
    if (awaited) this.due();
  }

  play(sink: UnitSink, { signal }: Cancellable): Promise<never> {
    this.#sink = sink;
    return untilAborted(signal, this.#broken.promise);
  }

  emit(unit: AccessUnit, memory?: LentMemory): void {
    this.#sink?.write(unit, memory);
  }

  break(error: GatehouseError): void {
    this.#broken.reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sink = undefined;
    this.#disposed();
  }
}

/** A camera behind the Source port that does as it is told. */
export class FakeCamera {
  tracks: readonly Track[] = [videoTrack];
  /** While set, connecting fails with it. */
  refusal: GatehouseError | undefined;
  /** Connections tried, open now, and open at once at most. */
  tries = 0;
  open = 0;
  mostOpen = 0;
  #source: FakeSource | undefined;

  readonly openSource: OpenSource = async (_endpoint, { signal }) => {
    signal.throwIfAborted();
    this.tries += 1;
    if (this.refusal !== undefined) throw this.refusal;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    this.#source = new FakeSource(this.tracks, () => (this.open -= 1));
    return this.#source;
  };

  send(...units: readonly AccessUnit[]): void {
    for (const unit of units) this.#source?.emit(unit);
  }

  /** Sends a unit that lies in memory which can be given back. */
  lend(unit: AccessUnit, memory: LentMemory): void {
    this.#source?.emit(unit, memory);
  }

  /** Whether somebody waits for what the camera sends, as it was told last. */
  get awaited(): boolean | undefined {
    return this.#source?.awaited;
  }

  /** These units have come, but are written only when somebody waits for them. */
  keepDue(...units: readonly AccessUnit[]): void {
    const source = this.#source;
    if (source === undefined) return;
    const due = [...units];
    source.due = () => due.splice(0).forEach((unit) => source.emit(unit));
  }

  /** Breaks the present connection. */
  break(error: GatehouseError): void {
    this.#source?.break(error);
  }
}

export const makeEndpoint = (camera: CameraId, tier: StreamEndpoint["tier"] = "main"): StreamEndpoint => ({
  camera,
  tier,
  url: "rtsp://192.0.2.7/stream",
  credentials: undefined,
  pin: null,
  auth: { floor: "none", raise: () => undefined },
});

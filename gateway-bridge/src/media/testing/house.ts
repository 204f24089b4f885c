import { GatehouseError, type CameraId, type ErrorCode } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { Stream, StreamState } from "../stream.ts";
import { Streams, type StreamChange } from "../streams.ts";
import { FakeCamera, makeEndpoint } from "./fake-camera.ts";
import { RecordingViewer } from "./recording-viewer.ts";
import { makePictures } from "./units.ts";

export const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
export const never: AbortSignal = new AbortController().signal;
export const failure = (code: ErrorCode, message: string = code): GatehouseError => new GatehouseError(code, message);

/** The streams of one FakeCamera, on a clock that stands still. */
export class House implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly log = new MemoryLogger();
  readonly camera = new FakeCamera();
  readonly changes: StreamChange[] = [];
  readonly streams: Streams;
  readonly stream: Stream;

  constructor({ prerollMs = 0 }: { readonly prerollMs?: number } = {}) {
    this.streams = Streams.create({
      endpoint: async (id, tier) => makeEndpoint(id, tier),
      openSource: this.camera.openSource,
      clock: this.clock,
      log: this.log,
      random: () => 0.5,
      prerollMs,
    });
    this.streams.onState((change) => this.changes.push(change));
    this.stream = this.streams.of(camera, "main");
  }

  get states(): readonly StreamState["kind"][] {
    return this.changes.map(({ state }) => state.kind);
  }

  /** Lets what is under way happen. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  watch(viewer = new RecordingViewer()): RecordingViewer {
    this.stream.join(viewer).resume();
    return viewer;
  }

  /** One GOP that arrives now. */
  gop(count = 5, timestamp = 0): ReturnType<typeof makePictures> {
    return makePictures({ count, timestamp, arrivedAt: this.clock.monotonic() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.streams[Symbol.asyncDispose]();
  }
}

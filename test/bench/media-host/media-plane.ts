import { randomBytes } from "node:crypto";

import { Secret, silentLogger, systemClock, type CameraId } from "@gatehouse/shared";

import type { AuthMemory, StreamEndpoint } from "../../../gateway-bridge/src/domain/camera.ts";
import type { Stream } from "../../../gateway-bridge/src/media/stream.ts";
import { Streams } from "../../../gateway-bridge/src/media/streams.ts";
import { createRtspSource } from "../../../gateway-bridge/src/sources/rtsp-source.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";

export const clock = systemClock;
export const log = silentLogger;

const never: AbortSignal = new AbortController().signal;
const auth: AuthMemory = { floor: "none", raise: () => undefined };
const ringBytes = 8 * 2 ** 20;
const letters = "abcdefghijklmnopqrstuvwxyz";

/** The id that the gateway would give the camera of this index. */
const idOf = (index: number): CameraId =>
  `cam-${"a".repeat(14)}${letters[Math.floor(index / 26)] ?? "a"}${letters[index % 26] ?? "a"}` as CameraId;

/** Streams of the farm's cameras, exactly as the gateway makes them. */
export class MediaPlane {
  readonly #cameras = new Map<CameraId, FarmCamera>();
  readonly #holds: Disposable[] = [];
  readonly streams = Streams.create({
    endpoint: async (camera, tier) => this.#endpoint(camera, tier),
    openSource: createRtspSource({ clock, log }),
    clock,
    log,
    random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    lingerMs: 0,
    ringBytes,
  });

  use(cameras: readonly FarmCamera[]): void {
    cameras.forEach((camera, index) => this.#cameras.set(idOf(index), camera));
  }

  stream(index: number): Stream {
    return this.streams.of(idOf(index), "main");
  }

  /** As Streams has it, for cameras whose codecs suit everybody. */
  async playable(camera: CameraId): Promise<Stream> {
    return this.streams.of(camera, "main");
  }

  /** Keeps the first so many cameras connected, and no more; resolves when each has a key picture. */
  async hold(count: number): Promise<void> {
    while (this.#holds.length > count) this.#holds.pop()?.[Symbol.dispose]();
    while (this.#holds.length < count) this.#holds.push(this.stream(this.#holds.length).hold());
    await Promise.all(this.#holds.map((_, index) => this.stream(index).ready({ signal: never })));
  }

  /** Bytes of media that the rings hold now, newest GOPs alone. */
  ringPayload(): number {
    return this.#holds.reduce((sum, _, index) => {
      using session = this.stream(index).join({ write: () => true, end: () => undefined });
      return sum + session.pending.bytes;
    }, 0);
  }

  #endpoint(camera: CameraId, tier: StreamEndpoint["tier"]): StreamEndpoint {
    const found = this.#cameras.get(camera);
    if (found === undefined) throw new Error(`no camera ${camera}`);
    const { rtspUrl: url, username, password } = found;
    return { camera, tier, url, credentials: { username, password: Secret.of(password) }, pin: null, auth };
  }
}
